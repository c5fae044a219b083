// The ids of a conversation: the numbers of mmnotes/mrope/formulas.py, `ids`, drawn in the page.
(() => {
  "use strict";

  const COLOURS = ["blue", "orange", "green"]; // of time, height and width

  // The ids of a block of frames that begins at a place; time is what the frames are numbered with.
  function block(ids, begin, times, rows, columns) {
    for (const time of times) {
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          [time, row, column].forEach((id, axis) => ids[axis].push(begin + id));
        }
      }
    }
    return begin + 1 + Math.max(...times, rows - 1, columns - 1);
  }

  function text(ids, begin, length) {
    for (let token = 0; token < length; token += 1) ids.forEach((line) => line.push(begin + token));
    return begin + length;
  }

  function compute({ generation, rate, rows, texts }, { stamp, seconds, every }) {
    const [first, second] = texts.map((length) => Math.floor(length + 0.5));
    const columns = Math.floor((3 * rows) / 2);
    const groups = [...Array(Math.floor((seconds * rate) / 2)).keys()];
    const ids = [[], [], []];
    let free = block(ids, text(ids, 0, first), [0], 4, 6);
    const image = ids[0].length;
    free = text(ids, free, second);
    const film = ids[0].length;
    if (generation === "Qwen3-VL") {
      for (const _ of groups) free = block(ids, text(ids, free, stamp), [0], rows, columns);
    } else {
      // In floats of 32 bits, as the released code has it: a product just below a whole number is cut off.
      const { fround } = Math;
      const time = (group) => Math.floor(fround(fround(group * fround(2 / rate)) * 2));
      free = block(ids, free, generation === "Qwen2-VL" ? groups : groups.map(time), rows, columns);
    }
    const after = ids[0].length;
    free = text(ids, free, 8);
    return {
      ids, free, tokens: ids[0].length, ends: [first, image, film, after],
      sampled: ids.map((line) => line.filter((_, token) => token % every === 0)),
    };
  }

  function describe({ generation, rate, rows }, { ids, tokens, free, ends }, { stamp, seconds }) {
    const before = generation === "Qwen3-VL" ? stamp : 0;
    const stride = before + rows * Math.floor((3 * rows) / 2);
    const count = Math.min(6, Math.floor((seconds * rate) / 2));
    const times = Array.from({ length: count }, (_, group) => ids[0][ends[2] + before + group * stride]);
    return `${generation}, frames a second: ${rate}; ${tokens} tokens. The first groups of the film have the times `
      + `${times.join(", ")}; the text after it begins at ${free - 8}.`;
  }

  function draw(sheet, { texts }, { ids, tokens, free, ends }) {
    const panel = sheet.panel({
      left: 58, top: 30, width: sheet.width - 90, height: sheet.height - 100, x: [0, tokens], y: [0, free],
    });
    const round = (most) => [0, most / 2, most].map((tick) => Math.round(tick));
    panel.axes({ xticks: round(tokens), yticks: round(free), ylabel: "position id" });
    ["t", "h", "w"].forEach((name, axis) => {
      sheet.text(panel.left + 16 + 34 * axis, 12, name, { colour: COLOURS[axis], bold: true });
      for (const [from, to] of [[ends[0], ends[1]], [ends[2], ends[3]]]) {
        envelope(panel, ids[axis], from, to, COLOURS[axis]);
      }
    });
    sheet.text(panel.left + 16 + 34 * 3, 12, "text, dashed", { anchor: "start" });
    for (const [from, to] of [[0, ends[0]], [ends[1], ends[2]], [ends[3], tokens]]) {
      panel.line([from, to - 1], [ids[0][from], ids[0][to - 1]], { width: 2.5, dashed: true });
    }
    lengths(sheet, panel, texts, ends, tokens);
  }

  // A line that goes up and down within a frame, as the room between its ends in each pixel.
  function envelope(panel, line, from, to, colour) {
    const wide = Math.max(1, (to - from) / Math.max(1, panel.x(to) - panel.x(from)));
    const [xs, low, high] = [[], [], []];
    for (let at = from; at < to; at += wide) {
      const [start, end] = [Math.floor(at), Math.min(to, Math.max(Math.floor(at) + 1, Math.floor(at + wide)))];
      let [least, most] = [Infinity, -Infinity];
      for (let token = start; token < end; token += 1) {
        least = Math.min(least, line[token]);
        most = Math.max(most, line[token]);
      }
      xs.push(start);
      low.push(least);
      high.push(most);
    }
    if (wide === 1) return panel.line(xs, low, { colour, width: 1.5 });
    panel.band(xs, low, high, { colour, opacity: 0.35 });
    return panel.line(xs, high, { colour, width: 1 });
  }

  // The segments below the axis; where a text ends it can be dragged.
  function lengths(sheet, panel, texts, ends, tokens) {
    const y = panel.top + panel.height + 32;
    const parts = [[0, ends[0], ""], [ends[0], ends[1], "image"], [ends[1], ends[2], ""], [ends[2], ends[3], "film"]];
    for (const [from, to, name] of parts) {
      const width = panel.x(to) - panel.x(from);
      sheet.rect(panel.x(from), y, width, 18, { colour: name ? "sky" : "pale", opacity: name ? 0.5 : 1 });
      if (width > 50) sheet.text(panel.x(from) + width / 2, y + 9, name);
    }
    sheet.text(panel.left + panel.width / 2, y + 30, `${tokens} tokens`);
    [ends[0], ends[2]].forEach((end, i) => {
      const begin = i ? ends[1] : 0;
      sheet.handle({
        name: `text-${i}`, label: i ? "Length of the text before the film" : "Length of the text before the image",
        text: `${Math.round(texts[i])} tokens`, at: [panel.x(end), y + 9], value: [texts[i]], least: 1, most: 60,
        step: 1, find: (x) => [panel.fromX(x) - begin],
        set: (to) => ({ texts: texts.map((each, other) => (other === i ? Math.round(to) : each)) }),
      });
    });
  }

  mmnotes.formula("ids", {
    compute, describe, draw, hint: "Drag the end of a text, or Tab to it and use the arrows.",
  });
})();
