// What one softmax gives the image: the numbers of mmnotes/decoupled_attention/formulas.py, drawn in the page.
(() => {
  "use strict";

  const { general } = mmnotes;
  const BINS = 25;
  const NUMBERS = new WeakMap(); // of the letters that scores are written in, read once

  function read(given) {
    if (!NUMBERS.has(given)) {
      const middle = Math.floor(given.alphabet.length / 2);
      const raised = (row) => [...row].map((letter) => Math.exp((given.alphabet.indexOf(letter) - middle) * given.step));
      NUMBERS.set(given, { text: given.text.map(raised), image: given.image.map(raised) });
    }
    return NUMBERS.get(given);
  }

  function compute({ image_tokens, text_tokens, raised, scale }, given) {
    const { text, image } = read(given);
    const sum = (row, count) => {
      let all = 0;
      for (let i = 0; i < count; i += 1) all += row[i];
      return all;
    };
    const share = text.map((row, query) => {
      const seen = Math.exp(raised) * sum(image[query], image_tokens);
      return seen / (seen + sum(row, text_tokens));
    });
    const odds = (Math.exp(raised) * image_tokens) / text_tokens;
    return {
      share, mean: share.reduce((all, each) => all + each, 0) / share.length, expected: odds / (1 + odds), scale,
    };
  }

  function describe({ image_tokens, text_tokens, raised, scale }, { mean, expected }) {
    return `M = ${image_tokens}, L = ${text_tokens}, raised by ${general(raised)}: one softmax gives the image `
      + `${(100 * mean).toFixed(0)} % on average, and ${(100 * expected).toFixed(0)} % if all scores are equal. Two give `
      + `the text 100 % and the image ${(100 * scale).toFixed(0)} %.`;
  }

  function draw(sheet, { image_tokens, text_tokens, raised, scale }, { share, mean, expected }) {
    const counts = Array(BINS).fill(0);
    for (const each of share) counts[Math.min(BINS - 1, Math.floor(each * BINS))] += 1;
    const low = 100;
    const panel = sheet.panel({
      left: 36, top: 24, width: sheet.width - 60, height: sheet.height - low - 70, x: [0, 1],
      y: [0, Math.max(...counts)],
    });
    counts.forEach((count, bin) => count && panel.bar([bin / BINS, (bin + 1) / BINS - 0.004], [0, count]));
    panel.axes({ xticks: [0, 0.2, 0.4, 0.6, 0.8, 1], xlabel: "weight of the image in one softmax" });
    sheet.text(panel.left - 14, panel.top + panel.height / 2, "queries", { turned: true });
    const line = panel.x(expected);
    sheet.line([[line, 14], [line, panel.top + panel.height]], { colour: "orange", width: 2.5 });
    sheet.handle({
      name: "raised", label: "Image scores raised by", text: general(raised), at: [line, 14], value: [raised],
      least: -2, most: 5, step: 0.035, set: (to) => ({ raised: to }),
      find: (x) => { // from the share to the scores that give it
        const wish = Math.min(0.999, Math.max(0.001, panel.fromX(x)));
        return [Math.log(((wish / (1 - wish)) * text_tokens) / image_tokens)];
      },
    });
    weights(sheet, sheet.height - low + 14, mean, scale);
  }

  // What text and image are multiplied with: in one softmax, and in two.
  function weights(sheet, top, mean, scale) {
    const left = 16;
    const one = (sheet.width - 2 * left) / 3; // a weight of 1; text and image together have 3 at most
    [["one softmax", 1 - mean, mean], ["two", 1, scale]].forEach(([name, text, image], i) => {
      const y = top + i * 46;
      sheet.text(left, y, name, { anchor: "start" });
      sheet.text(left + 96, y, `text ${text.toFixed(2)}`, { anchor: "start", colour: "grey", bold: true });
      sheet.text(left + 180, y, `image ${image.toFixed(2)}`, { anchor: "start", colour: "blue", bold: true });
      sheet.rect(left, y + 10, one * text, 20, { colour: "grey", opacity: 0.55 });
      sheet.rect(left + one * text, y + 10, one * image, 20, { colour: "blue" });
    });
    sheet.handle({
      name: "scale", label: "Scale of the image", text: general(scale), at: [left + one * (1 + scale), top + 66],
      value: [scale], least: 0, most: 2, step: 0.01, find: (x) => [(x - left) / one - 1], set: (to) => ({ scale: to }),
    });
  }

  mmnotes.formula("dilution", {
    compute, describe, draw,
    hint: "Drag the orange line, or the end of the lowest bar; or Tab to it and use the arrows.",
  });
})();
