// Two tokens, moved: the numbers of mmnotes/rope/formulas.py, `hands`, drawn in the page.
(() => {
  "use strict";

  const { signed } = mmnotes;
  const PLACES = [...Array(21).keys()];

  const dot = (a, b) => a.reduce((sum, each, i) => sum + each * b[i], 0);
  const times = (matrix, vector) => matrix.map((row) => dot(row, vector));

  // Entries j and j + N of a vector, turned together by the angle j.
  function turned(vector, angles) {
    const half = angles.length;
    return vector.map((each, i) => {
      const angle = angles[i % half];
      const other = i < half ? -vector[i + half] : vector[i - half];
      return each * Math.cos(angle) + other * Math.sin(angle);
    });
  }

  function compute({ p, distance, query }, { q, k, to_k, both, asked, ladder, shown }) {
    const half = ladder.length;
    const at = (place) => ladder.map((rung) => place * rung);
    const waves = (place) => [...at(place).map(Math.cos), ...at(place).map(Math.sin)];
    const by = ladder.map((_, plane) => (shown.includes(plane) ? query[shown.indexOf(plane)] : 0));
    const asks = turned(q, by);
    const content = dot(asks, k);
    const read = to_k[0].map((_, j) => dot(asks, to_k.map((row) => row[j]))); // of a position of the key
    const added = PLACES.map((place) => {
      const [here, there] = [waves(place), waves(place + distance)];
      return content + dot(read, there) + dot(here, asked) + dot(here, times(both, there));
    });
    const score = (place) => dot(turned(asks, at(place)), turned(k, at(place + distance)));
    const hands = [turned(asks, at(p)), turned(k, at(p + distance))].map((vector) => shown.map((plane) => {
      const [x, y] = [vector[plane], vector[plane + half]];
      return [x / Math.hypot(x, y), y / Math.hypot(x, y)];
    }));
    return { hands, turned: PLACES.map(score), added };
  }

  function describe({ p, distance }, { turned: score, added }) {
    return `The query at ${p}, blue; the key at ${p + distance}, orange. Positions turned: the score is `
      + `${signed(score[p], 2)}, wherever the two stand. Added: it is ${signed(added[p], 2)} here; over the places shown `
      + `it goes from ${signed(Math.min(...added), 2)} to ${signed(Math.max(...added), 2)}.`;
  }

  function draw(sheet, { p, distance, query }, { hands, turned: score, added }, { ladder, shown }) {
    const phone = sheet.width < 400;
    const radius = phone ? 32 : 40;
    const middle = radius + 24;
    shown.forEach((plane, i) => {
      const centre = ((i + 0.5) * sheet.width) / shown.length;
      sheet.text(centre, 9, `θ${"₀₁₂₃₄₅₆₇"[plane]} = ${ladder[plane].toFixed(2)}`);
      sheet.circle(centre, middle, radius, { colour: "pale" });
      hands.forEach((each, side) => {
        const tip = [centre + radius * each[i][0], middle - radius * each[i][1]];
        sheet.line([[centre, middle], tip], { colour: ["blue", "orange"][side], width: 3.5 });
      });
      const [x, y] = hands[0][i];
      const rest = Math.atan2(y, x) - query[i];
      sheet.handle({
        name: `plane-${plane}`, label: `The query's hand in plane ${plane}`, wraps: true,
        text: `turned by ${Math.round((query[i] * 180) / Math.PI)} degrees`,
        at: [centre + radius * x, middle - radius * y], value: [query[i]],
        least: -Math.PI, most: Math.PI, step: Math.PI / 36,
        find: (to, down) => [Math.atan2(middle - down, to - centre) - rest],
        set: (angle) => ({ query: query.map((each, other) => (other === i ? angle : each)) }),
      });
    });

    const top = middle + radius + 24;
    const low = Math.floor(Math.min(-6, ...added, ...score));
    const high = Math.ceil(Math.max(8, ...added, ...score));
    const panel = sheet.panel({
      left: 48, top, width: sheet.width - 62, height: sheet.height - top - 62, x: [-0.6, 20.6], y: [low, high],
    });
    panel.axes({ yticks: [-5, 0, 5], ylabel: "score" });
    panel.line(PLACES, added, { colour: "grey" });
    panel.line(PLACES, score, { colour: "green", width: 2.5 });
    sheet.text(panel.left + 12, top - 8, "turned", { colour: "green", anchor: "start", bold: true });
    sheet.text(panel.left + 74, top - 8, "added", { colour: "grey", anchor: "start", bold: true });
    for (const [line, colour] of [[score, "green"], [added, "grey"]]) {
      sheet.circle(panel.x(p), panel.y(line[p]), 5, { colour });
    }
    tokens(sheet, panel, p, distance);
  }

  // The places of the text as a row of boxes below the curves, with the two tokens on it to drag.
  function tokens(sheet, panel, p, distance) {
    const row = panel.top + panel.height + 18;
    const side = panel.x(1) - panel.x(0);
    for (const place of PLACES) {
      sheet.rect(panel.x(place) - side / 2 + 1, row - 8, side - 2, 16, { colour: "pale" });
      if (place % 5 === 0) sheet.text(panel.x(place), row + 21, place);
    }
    sheet.text(panel.left + panel.width / 2, row + 37, "place in the text");
    const key = Math.max(-0.6, Math.min(20.6, p + distance)); // beyond the text shown it waits at its end
    sheet.circle(panel.x(key), row, 9, { colour: "orange" });
    sheet.circle(panel.x(p), row, 9, { colour: "blue" });
    sheet.handle({
      name: "key", label: "The key, further on by", text: String(distance), at: [panel.x(key), row],
      value: [distance], least: -20, most: 20, step: 1, find: (x) => [panel.fromX(x) - p],
      set: (to) => ({ distance: to }),
    });
    sheet.handle({
      name: "query", label: "Place of the query", text: String(p), at: [panel.x(p), row],
      value: [p], least: 0, most: 20, step: 1, find: (x) => [panel.fromX(x)], set: (to) => ({ p: to }),
    });
  }

  mmnotes.formula("hands", {
    compute, describe, draw,
    hint: "Drag a token, or a blue hand round its plane; or Tab to it and use the arrows.",
  });
})();
