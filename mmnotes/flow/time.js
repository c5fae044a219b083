// Points on their way: the numbers of mmnotes/flow/formulas.py, `time`, drawn in the page.
(() => {
  "use strict";

  const { field } = mmnotes;

  const carried = field.kept((start, centres, times, spread) => start.map(
    (place) => field.track(place, times, field.euler, (x, t) => field.velocity(x, t, centres, spread))));

  function compute({ shape, gone, own }, { start, shapes, spread, reach, cells, every, along }) {
    const centres = shapes[shape];
    const times = Array.from({ length: along + 1 }, (_, i) => 1 - (gone * i) / along);
    const tracks = carried(start, centres, times, spread);
    const at = (place, t) => field.velocity(place, t, centres, spread);
    const mine = own.map((place) => field.track(place, times, field.euler, at));
    const now = tracks.map((places) => places.at(-1));
    const close = ([x, y]) => centres.some(([a, b]) => Math.hypot(x - a, y - b) < 0.5);
    const dense = density(centres, 1 - gone, spread, reach, cells);
    const some = (_, i) => i % every === 0;
    return {
      now, tracks, mine, dense,
      own_track: times.map((_, i) => mine.map((places) => places[i])),
      near: now.filter(close).length / now.length,
      size: Math.sqrt(now.reduce((sum, [x, y]) => sum + x * x + y * y, 0) / now.length),
      sampled: dense.filter(some).map((row) => row.filter(some)),
    };
  }

  // Rows go up, as the axis does. A Gaussian of the plane is one along each axis, multiplied.
  const density = field.kept((centres, t, spread, reach, cells) => {
    const variance = ((1 - t) * spread) ** 2 + t ** 2;
    const line = Array.from({ length: cells }, (_, i) => -reach + (2 * reach * i) / (cells - 1));
    const along = (side) => centres.map((centre) => line.map(
      (place) => Math.exp(-((place - (1 - t) * centre[side]) ** 2) / (2 * variance))));
    const [across, up] = [along(0), along(1)];
    return line.map((_, row) => line.map((_, column) => {
      let sum = 0;
      for (let i = 0; i < centres.length; i += 1) sum += across[i][column] * up[i][row];
      return sum / centres.length / variance;
    }));
  });

  // Python's f"{t:.2g}".
  const twoDigits = (number) => String(Number(number.toPrecision(2)));

  function describe({ shape, gone }, { near, size }) {
    return `Time t = ${twoDigits(1 - gone)}, ${shape}: ${(100 * near).toFixed(0)} % of the points are within 0.5 of a `
      + `centre; root mean square distance from the middle ${size.toFixed(2)}.`;
  }

  function draw(sheet, { own }, { now, tracks, mine, dense }, { reach }) {
    const panel = field.plane(sheet, reach);
    panel.heat(dense.toReversed(), { colour: "blue" });
    field.lines(panel, tracks, { colour: "ink", width: 0.4 });
    for (const [x, y] of now) sheet.circle(panel.x(x), panel.y(y), 2.5, { colour: "orange" });
    field.lines(panel, mine, { colour: "orange", width: 2.5 });
    const [x, y] = mine[0].at(-1);
    sheet.circle(panel.x(x), panel.y(y), 5, { colour: "orange", edge: "ground" });
    field.starts(panel, own, reach);
  }

  mmnotes.formula("time", {
    compute, describe, draw, hint: "Drag the start of a point of your own, or Tab to it and use the arrows.",
  });
})();
