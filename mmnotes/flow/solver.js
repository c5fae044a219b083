// Few steps through the exact field: the numbers of mmnotes/flow/formulas.py, `solver`, drawn in the page.
(() => {
  "use strict";

  const { general, field } = mmnotes;

  const carried = field.kept((start, centres, times, solver, spread) => start.map(
    (place) => field.track(place, times, field[solver], (x, t) => field.velocity(x, t, centres, spread))));

  function compute({ solver, shift, steps, own }, { start, centres, ends, spread, exact }) {
    const at = (place, t) => field.velocity(place, t, centres, spread);
    const times = field.grid(steps, shift);
    const tracks = carried(start, centres, times, solver.toLowerCase(), spread);
    const reached = tracks.map((places) => places.at(-1));
    const mine = own.map((place) => field.track(place, times, field[solver.toLowerCase()], at));
    const off = reached.map(([x, y], i) => Math.hypot(x - ends[i][0], y - ends[i][1]));
    const exactly = own.map((place) => field.track(place, field.grid(exact, 2), field.heun, at));
    return {
      tracks, mine, reached, exactly,
      own_track: times.map((_, i) => mine.map((places) => places[i])),
      own_ends: exactly.map((places) => places.at(-1)),
      off: off.reduce((sum, each) => sum + each, 0) / off.length,
    };
  }

  function describe({ solver, shift, steps }, { off }) {
    return `${solver}, ${steps} steps, ${steps * (solver === "Heun" ? 2 : 1)} evaluations, shift ${general(shift)}: the `
      + `points end ${off.toFixed(3)} on average from where the exact field carries them.`;
  }

  function draw(sheet, { own }, { tracks, mine, reached, exactly }, { centres, reach }) {
    const panel = field.plane(sheet, reach);
    for (const [x, y] of centres) sheet.circle(panel.x(x), panel.y(y), 9, { colour: "pale" });
    field.lines(panel, tracks, { colour: "sky", width: 0.7 });
    for (const [x, y] of reached) sheet.circle(panel.x(x), panel.y(y), 2.5, { colour: "blue" });
    field.lines(panel, exactly, { colour: "green", width: 2, dashed: true });
    field.lines(panel, mine, { colour: "orange", width: 2 });
    for (const places of mine) {
      for (const [x, y] of places.slice(1)) sheet.circle(panel.x(x), panel.y(y), 3.5, { colour: "orange" });
    }
    field.starts(panel, own, reach);
  }

  mmnotes.formula("solver", {
    compute, describe, draw,
    hint: "Drag a start, or Tab to it and use the arrows. Orange: its steps; green: the exact way.",
  });
})();
