// Who wakes when: the numbers of mmnotes/zero_conv/formulas.py, `waking`, drawn in the page.
(() => {
  "use strict";

  const { general } = mmnotes;
  const minus = (text) => text.replaceAll("-", "−");
  const PARTS = ["tap", "copy", "hint's last", "hint's first"]; // as PARTS in mmnotes/zero_conv/pixel.py
  const LOOKS = ["blue", "orange", "green", "purple"];
  const COLUMNS = [5, 4, 2, 1]; // of the parts, in the chain from the hint to the goal
  const CHAIN = [["hint", "hint"], ["w0", "w₀"], ["w1", "w₁"], ["x", "x"], ["w", "w"], ["w2", "w₂"], ["goal", "goal"]];
  const MOST = 1.5; // of a number that is dragged
  const [SMALLEST, LARGEST] = [1e-8, 10]; // of the slopes that are drawn
  const [TABLE, LEFT, ROW] = [336, 42, 21]; // pixels: the table's width beside the course, its first column, a row

  // The same sums and products in the same order as `pixel_descent`: far from rest a last bit would grow.
  function compute({ start, rate, steps, moved }, { starts }) {
    const begun = starts[start].map((each, i) => each + moved[i]);
    const [hint, first, last, x, copy, tap, goal] = begun;
    const [weights, slopes, output] = [[[tap, copy, last, first]], [], []];
    for (let step = 0; step <= steps; step += 1) {
      const [w2, w, w1, w0] = weights[step];
      const features = w0 * hint;
      const seen = x + w1 * features;
      const copied = w * seen;
      output.push(w2 * copied);
      const delta = output[step] - goal;
      const back = w2 * delta;
      slopes.push([delta * copied, back * seen, back * w * features, back * w * w1 * hint]);
      if (step < steps) weights.push(weights[step].map((each, part) => each - rate * slopes[step][part]));
    }
    return { begun, weights, slopes, output };
  }

  // The first step before which a weight has a slope; nothing if it never has.
  const wakes = (slopes, part) => slopes.findIndex((row) => row[part] !== 0);

  function describe({ rate }, { begun, slopes, output }) {
    const from = PARTS.map((_, part) => wakes(slopes, part));
    const told = [...new Set(from.filter((step) => step >= 0))].sort((a, b) => a - b).map((step) => (
      `at step ${step} ${PARTS.filter((_, part) => from[part] === step).join(", ")}`));
    const never = PARTS.filter((_, part) => from[part] < 0);
    const end = output.at(-1);
    const reached = Math.abs(end) < 100 ? `is ${end.toFixed(3)}` : "has run away";
    return `Start: ${CHAIN.map(([name], i) => `${name} ${general(begun[i])}`).join(", ")}; rate ${general(rate)}. First `
      + `slope: ${told.join("; ") || "none"}. Never: ${never.join(", ") || "none"}. After ${slopes.length - 1} steps the `
      + `output ${reached}.`;
  }

  // The table on the left, or above; the course of the slopes beside it, or below.
  function draw(sheet, values, { begun, slopes }, given) {
    const phone = sheet.width < 400;
    const places = columns((phone ? sheet.width : TABLE) - LEFT);
    chain(sheet, values, begun, given, places);
    const fit = phone ? 4 : Math.floor((sheet.height - 56) / ROW);
    slopes.slice(0, fit).forEach((row, step) => written(sheet, row, step, places));
    course(sheet, slopes, phone
      ? { left: LEFT + 8, top: 64 + ROW * fit, width: sheet.width - LEFT - 22 }
      : { left: TABLE + 66, top: 0, width: sheet.width - TABLE - 84 });
  }

  // Left and width of each column; a weight's has room for a slope.
  function columns(width) {
    const [weight, other] = [0.165 * width, 0.34 * width / 3];
    let left = LEFT;
    return CHAIN.map((_, at) => {
      const wide = COLUMNS.includes(at) ? weight : other;
      left += wide;
      return [left - wide, wide];
    });
  }

  // The start, each number to be dragged. What is kept is the difference to the start that was chosen.
  function chain(sheet, { start, moved }, begun, { starts }, places) {
    sheet.text(0, 38, "start", { anchor: "start" });
    CHAIN.forEach(([name, sign], at) => {
      const [[x, wide], part] = [places[at], COLUMNS.indexOf(at)];
      sheet.text(x + wide / 2, 9, sign);
      sheet.rect(x + 2, 23, wide - 4, 30, { colour: "ground", edge: part < 0 ? "axis" : LOOKS[part] });
      sheet.text(x + wide / 2, 38, minus(general(begun[at])), { bold: true });
      sheet.cell({
        name, label: part < 0 ? name : `Start of ${name}, ${PARTS[part]}`, text: general(begun[at]), value: begun[at],
        box: [x, 22, wide, 32], least: -MOST, most: MOST, step: 0.1, perPixel: 1 / 50, grid: [0, at],
        set: (to) => { // steps of 0.05, so that a hand finds zero
          const by = Math.round(20 * to) / 20 - starts[start][at];
          return { moved: moved.map((each, i) => (i === at ? by : each)) };
        },
      });
    });
  }

  // The slopes of a step, each under its weight.
  function written(sheet, row, step, places) {
    const y = 68 + ROW * step;
    sheet.text(0, y, `step ${step}`, { anchor: "start" });
    row.forEach((slope, part) => {
      const [[x, wide], awake] = [places[COLUMNS[part]], slope !== 0];
      sheet.rect(x + 1, y - 10, wide - 2, ROW - 1, { colour: awake ? LOOKS[part] : "pale", opacity: awake ? 0.22 : 0.5 });
      sheet.text(x + wide / 2, y, brief(slope));
    });
  }

  // In five letters.
  function brief(slope) {
    const size = Math.abs(slope);
    if (!(size < 1e5)) return "∞";
    const digits = size >= 10 ? size.toFixed(0) : size >= 0.0095 ? size.toFixed(2) : size && size.toExponential(0);
    return `${slope < 0 ? "−" : ""}${digits}`;
  }

  // The sizes of the slopes by step, on a logarithmic scale, and those that are exactly zero in a strip below it.
  function course(sheet, slopes, { left, top, width }) {
    PARTS.forEach((name, part) => {
      const [x, y] = [left + (part % 2) * (width / 2), top + 9 + 20 * Math.floor(part / 2)];
      sheet.line([[x, y], [x + 14, y]], { colour: LOOKS[part], width: 3 });
      sheet.text(x + 20, y, `${name} ${CHAIN[COLUMNS[part]][1]}`, { anchor: "start" });
    });
    const end = slopes.length - 1;
    const panel = sheet.panel({
      left, top: top + 60, width, height: sheet.height - top - 126, x: [-0.04 * end, 1.04 * end],
      y: [SMALLEST, LARGEST].map(Math.log10),
    });
    const strip = panel.top + panel.height + 12;
    panel.axes({ yticks: [[-6, "10⁻⁶"], [-3, "10⁻³"], [0, "1"]], title: "size of the slope" });
    sheet.rect(left, strip - 9, width, 18, { colour: "pale", opacity: 0.5 });
    sheet.text(left - 7, strip, "0", { anchor: "end" });
    for (const step of new Set([0, Math.round(end / 2), end])) sheet.text(panel.x(step), strip + 19, step);
    sheet.text(left + width / 2, strip + 38, "step");
    const size = (slope) => Math.min(LARGEST, Math.max(SMALLEST, Number.isFinite(slope) ? Math.abs(slope) : LARGEST));
    PARTS.forEach((_, part) => {
      const colour = LOOKS[part];
      const points = slopes.flatMap((row, step) => (
        row[part] === 0 ? [] : [[panel.x(step), panel.y(Math.log10(size(row[part])))]]));
      sheet.line(points, { colour });
      for (const [x, y] of end > 30 ? [] : points) sheet.circle(x, y, 3, { colour });
    });
    const apart = Math.min(5, (0.2 * width) / end); // side by side where several are
    slopes.forEach((row, step) => row.forEach((slope, part) => {
      const at = panel.x(step) + apart * (part - 1.5);
      if (slope === 0) sheet.circle(at, strip, 3, { colour: "ground", edge: LOOKS[part] });
    }));
  }

  mmnotes.formula("waking", {
    compute, describe, draw,
    hint: "Drag a number in the first row sideways; or Tab to it, go with the arrows, and press + or −.",
  });
})();
