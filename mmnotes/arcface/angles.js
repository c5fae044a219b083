// What a margin does at every angle: the numbers of mmnotes/arcface/formulas.py, `angles`, drawn in the page.
(() => {
  "use strict";

  const { general, signed } = mmnotes;
  const LOOKS = { plain: ["no margin", "grey"], released: ["straight-through", "orange"], margin: ["margin", "blue"] };

  const inRadians = (degrees) => (degrees * Math.PI) / 180;

  function compute({ factor, m2, drop, scale, feature }, { factors, drops, scales, degrees, others }) {
    const s = scales[scale];
    const places = [...degrees, feature].map(inRadians);
    const way = (m1, by, less, slope) => {
      const logit = places.map((angle) => Math.cos(m1 * angle + by) - less);
      const missing = logit.map((each) => others / (others + Math.exp(s * each))); // 1 - the own row's share
      return {
        logit, loss: logit.map((each) => Math.log1p(others * Math.exp(-s * each))),
        pull: places.map((angle, i) => missing[i] * slope(angle)),
      };
    };
    const [m1, m3] = [factors[factor], drops[drop]];
    return {
      margin: way(m1, m2, m3, (angle) => m1 * Math.sin(m1 * angle + m2)),
      released: way(m1, m2, m3, Math.sin), // to the gradient the margin is a constant
      plain: way(1, 0, 0, Math.sin),
    };
  }

  // From here on the logit rises with the angle.
  const turn = (m1, m2) => Math.min(180, ((Math.PI - m2) / m1) * (180 / Math.PI));

  function describe({ factor, m2, drop, scale }, { margin, released, plain }, { factors }) {
    return `m1 ${factor}, m2 ${general(m2)}, m3 ${drop}, s ${scale}. The loss falls to ${margin.loss[0].toFixed(3)} at one `
      + `degree, without a margin to ${plain.loss[0].toFixed(3)}. At 170 degrees the exact pull is `
      + `${signed(margin.pull[169], 2)} s, straight-through ${signed(released.pull[169], 2)} s. The logit turns at `
      + `${turn(factors[factor], m2).toFixed(0)}.`;
  }

  function draw(sheet, values, numbers, given) {
    const phone = sheet.width < 400;
    circle(sheet, values, given, phone ? 44 : 70);
    const top = phone ? 160 : 40;
    const [count, gap] = [3, phone ? 42 : 50];
    const left = phone ? 48 : 200;
    const wide = phone ? sheet.width - left - 14 : (sheet.width - left - 16 - 2 * gap) / count;
    const high = phone ? (sheet.height - top - 42 - 2 * gap) / count : sheet.height - top - 52;
    const from = turn(given.factors[values.factor], values.m2);
    [["logit", "logit / s"], ["loss", "loss"], ["pull", "pull / s"]].forEach(([kind, title], i) => {
      const shown = Object.keys(LOOKS).filter((way) => kind === "pull" || way !== "released");
      const all = shown.flatMap((way) => numbers[way][kind]);
      const [low, up] = [Math.min(0, ...all), Math.max(0.1, ...all)];
      const panel = sheet.panel({
        left: phone ? left : left + i * (wide + gap), top: phone ? top + i * (high + gap) : top, width: wide, height: high,
        x: [0, 180], y: [low, up],
      });
      if (from < 180) {
        sheet.rect(panel.x(from), panel.top, panel.x(180) - panel.x(from), high, { colour: "orange", opacity: 0.15 });
      }
      const ticks = kind === "loss" ? [0, Math.floor(up)] : [Math.ceil(low), 0, Math.max(1, Math.floor(up))];
      const last = !phone || i === 2;
      panel.axes({
        title, yticks: [...new Set(ticks)].filter((tick) => tick >= low && tick <= up), xticks: [0, 90, 180],
        xlabel: !phone && i === 1 ? "angle to the own row, degrees" : "",
      });
      if (last && phone) sheet.text(panel.left + wide / 2, panel.top + high + 30, "angle to the own row, degrees");
      panel.line([0, 180], [0, 0], { colour: "axis", width: 1 });
      for (const way of shown) panel.line(given.degrees, numbers[way][kind], { colour: LOOKS[way][1] });
      for (const way of shown) {
        sheet.circle(panel.x(values.feature), panel.y(numbers[way][kind].at(-1)), 4, { colour: LOOKS[way][1] });
      }
    });
    Object.values(LOOKS).forEach(([name, colour], i) => {
      const [x, y] = phone ? [180, 30 + 22 * i] : [14, 214 + 22 * i];
      sheet.line([[x, y], [x + 18, y]], { colour, width: 3 });
      sheet.text(x + 26, y, name, { anchor: "start" });
    });
  }

  // The own row, a feature to drag round, and the angle at which the margin judges it.
  function circle(sheet, { factor, m2, feature }, { factors }, radius) {
    const middle = [radius + 22, radius + 22];
    const at = (degrees, length = radius) => [
      middle[0] + length * Math.cos(inRadians(degrees)), middle[1] - length * Math.sin(inRadians(degrees)),
    ];
    const judged = factors[factor] * feature + (m2 * 180) / Math.PI;
    sheet.circle(...middle, radius, { colour: "pale" });
    const arc = Array.from({ length: 41 }, (_, i) => at(feature + ((judged - feature) * i) / 40, radius * 0.55));
    sheet.line(arc, { colour: "blue", width: 2, dashed: true });
    sheet.line([middle, at(0)], { colour: "ink", width: 3 });
    sheet.line([middle, at(feature)], { colour: "grey", width: 3 });
    sheet.line([middle, at(judged)], { colour: "blue", width: 3 });
    const words = `${Math.round(feature)}°, judged at ${Math.round(judged)}°`;
    sheet.text(8, 2 * radius + 36, words, { anchor: "start" });
    sheet.handle({
      name: "feature", label: "Angle of the feature to its own row", text: `${feature.toFixed(0)} degrees`,
      at: at(feature), value: [feature], least: 1, most: 179, step: 1, set: (to) => ({ feature: to }),
      find: (x, y) => { // below the row is nearer to one of its ends
        const angle = (Math.atan2(middle[1] - y, x - middle[0]) * 180) / Math.PI;
        return [angle < -90 ? 179 : angle];
      },
    });
  }

  mmnotes.formula("angles", {
    compute, describe, draw, hint: "Drag the feature round the circle, or Tab to it and use the arrows.",
  });
})();
