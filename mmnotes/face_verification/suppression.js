// Which of many boxes: the numbers of mmnotes/face_verification/formulas.py, `suppression`, drawn in the page.
(() => {
  "use strict";

  const { general } = mmnotes;
  const NAMES = "ABCDEFGH";
  const KEPT = -1; // in place of the box that drops one
  const ROW = 30;

  const area = ([left, top, right, bottom]) => Math.max(right - left, 0) * Math.max(bottom - top, 0);
  const shared = (one, other) => [0, 1].map((side) => Math.max(one[side], other[side])).concat(
    [2, 3].map((side) => Math.min(one[side], other[side])));

  function compute({ overlap, most, corners, sizes, scores }) {
    const boxes = corners.map(([left, top], i) => [left, top, left + sizes[i][0], top + sizes[i][1]]);
    const table = boxes.map((one) => boxes.map((other) => {
      const both = area(shared(one, other));
      const [own, theirs] = [area(one), area(other)];
      return both / (overlap === "union" ? own + theirs - both : Math.min(own, theirs));
    }));
    const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]); // of equal scores the first is first
    const kept = [];
    const by = scores.map(() => KEPT);
    for (const box of order) {
      const better = kept.find((other) => table[box][other] > most);
      if (better === undefined) kept.push(box);
      else by[box] = better;
    }
    return { boxes, table, order, kept, by };
  }

  // The overlaps that decide on a box: with those kept before it, up to the one that drops it.
  function asked(box, { kept, by }) {
    const before = kept.slice(0, kept.indexOf(by[box] === KEPT ? box : by[box]));
    return by[box] === KEPT ? before : [...before, by[box]];
  }

  function describe({ overlap, most, scores }, numbers) {
    const { table, order, kept, by } = numbers;
    const told = order.map((box) => {
      const found = asked(box, numbers).map((other) => `${table[box][other].toFixed(2)} with ${NAMES[other]}`);
      const verdict = by[box] === KEPT ? "kept" : "dropped";
      return `${NAMES[box]} ${scores[box].toFixed(2)}: ${[...found, verdict].join(", ")}.`;
    });
    return `Overlap by ${overlap}, threshold ${general(most)}. ${told.join(" ")} ${kept.length} of ${by.length} are left.`;
  }

  function draw(sheet, values, numbers, { faces, reach, least, most }) {
    const phone = sheet.width < 400;
    const side = phone ? sheet.width - 16 : sheet.height;
    const whole = reach + most;
    const panel = sheet.panel({ left: phone ? 8 : 0, top: 0, width: side, height: side, x: [0, whole], y: [whole, 0] });
    sheet.rect(panel.left, 0, side, side, { colour: "ground", edge: "axis" });
    for (const one of faces) face(sheet, panel, one);
    for (const box of numbers.order.toReversed()) frame(sheet, panel, numbers, box);
    numbers.boxes.forEach((box, i) => handles(panel, values, box, i, { reach, least, most }));
    const [left, top] = phone ? [0, side + 14] : [side + 16, 34];
    sheet.text(left, top, "from the best score down", { anchor: "start", colour: "grey" });
    numbers.order.forEach((box, place) => row(sheet, values, numbers, box, place, [left, top + 26 + ROW * place]));
  }

  function face(sheet, panel, [x, y, radius]) {
    const at = (across, down) => [panel.x(x + across * radius), panel.y(y + down * radius)];
    const size = panel.x(radius) - panel.x(0);
    sheet.circle(...at(0, 0), size, { colour: "pale" });
    for (const eye of [-0.4, 0.4]) sheet.circle(...at(eye, -0.25), size / 9, { colour: "axis" });
    sheet.line([[-0.4, 0.4], [-0.2, 0.52], [0.2, 0.52], [0.4, 0.4]].map((place) => at(...place)), { colour: "axis" });
  }

  // A box, and if it is dropped, what it shares with the one that drops it.
  function frame(sheet, panel, { boxes, by }, box) {
    const places = ([left, top, right, bottom]) => [
      [left, top], [right, top], [right, bottom], [left, bottom], [left, top],
    ].map(([x, y]) => [panel.x(x), panel.y(y)]);
    const gone = by[box] !== KEPT;
    if (gone) sheet.area(places(shared(boxes[box], boxes[by[box]])), { colour: "orange", opacity: 0.18 });
    const colour = gone ? "orange" : "blue";
    sheet.line(places(boxes[box]), { colour, width: gone ? 1.5 : 3, dashed: gone });
    sheet.text(panel.x(boxes[box][0]) + 9, panel.y(boxes[box][1]) + 10, NAMES[box], { colour, bold: true });
  }

  // The middle moves a box and its last corner sizes it. Up is up for the arrows, so heights are counted from the most.
  function handles(panel, { corners, sizes }, [left, top, right, bottom], i, { reach, least, most }) {
    const changed = (list, pair) => list.map((each, other) => (other === i ? pair.map(Math.round) : each));
    const [width, height] = sizes[i];
    panel.point({
      name: `move-${i}`, label: `Box ${NAMES[i]}`, text: `left ${general(left)}, top ${general(top)}`,
      at: [left + width / 2, top + height / 2], value: [left, reach - top], least: 0, most: reach, step: 1,
      find: (x, y) => [panel.fromX(x) - width / 2, reach - (panel.fromY(y) - height / 2)],
      set: (x, y) => ({ corners: changed(corners, [x, reach - y]) }),
    });
    panel.point({
      name: `size-${i}`, label: `Size of box ${NAMES[i]}`, text: `${general(width)} wide, ${general(height)} high`,
      at: [right, bottom], value: [width, least + most - height], least, most, step: 1,
      find: (x, y) => [panel.fromX(x) - left, least + most - (panel.fromY(y) - top)],
      set: (x, y) => ({ sizes: changed(sizes, [x, least + most - y]) }),
    });
  }

  // A box with its score, which can be dragged, and what becomes of it.
  function row(sheet, { scores }, numbers, box, place, [left, y]) {
    const { table, by } = numbers;
    const gone = by[box] !== KEPT;
    const [bar, wide] = [left + 56, 76];
    sheet.text(left, y, NAMES[box], { anchor: "start", bold: true });
    sheet.text(left + 18, y, scores[box].toFixed(2), { anchor: "start" });
    sheet.rect(bar, y - 8, wide, 16, { colour: "pale" });
    sheet.rect(bar, y - 8, wide * scores[box], 16, { colour: gone ? "orange" : "blue", opacity: 0.55 });
    const nearest = (best, other) => (table[box][other] > (table[box][best] ?? -1) ? other : best);
    const other = gone ? by[box] : asked(box, numbers).reduce(nearest, undefined);
    const why = other === undefined ? "the first" : `${table[box][other].toFixed(2)} with ${NAMES[other]}`;
    sheet.text(bar + wide + 8, y, `${gone ? "dropped" : "kept"}: ${why}`, { anchor: "start" });
    sheet.cell({
      name: `score-${box}`, label: `Score of box ${NAMES[box]}`, text: scores[box].toFixed(2), value: scores[box],
      box: [bar, y - 13, wide, 26], least: 0, most: 1, step: 0.05, perPixel: 1 / wide, grid: [place, 0],
      set: (to) => ({ scores: scores.map((each, i) => (i === box ? Math.round(20 * to) / 20 : each)) }), // ties are found
    });
  }

  mmnotes.formula("suppression", {
    compute, describe, draw,
    hint: "Drag a box by its middle, its size by its corner, its score in the list; or Tab there and use the arrows.",
  });
})();
