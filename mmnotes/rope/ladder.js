// What a ladder remembers of distance: the numbers of mmnotes/rope/formulas.py, `ladder`, drawn in the page.
(() => {
  "use strict";

  const { commas } = mmnotes;

  // The mean of cos(θ δ) over the rungs.
  function kernel(distance, ladder) {
    let sum = 0;
    for (const rung of ladder) sum += Math.cos(rung * distance);
    return sum / ladder.length;
  }

  function compute({ base, planes, key }, { made_for, bands, in_band, told }) {
    const ladder = Array.from({ length: planes }, (_, plane) => base ** (-plane / planes));
    const [low, high, mean] = [[], [], []];
    for (let band = 0; band < bands; band += 1) {
      let [least, most, sum] = [Infinity, -Infinity, 0];
      for (let i = band * in_band; i < (band + 1) * in_band; i += 1) {
        const score = kernel(10 ** ((6 * i) / (bands * in_band - 1)) - made_for[key], ladder);
        least = Math.min(least, score);
        most = Math.max(most, score);
        sum += score;
      }
      low.push(least);
      high.push(most);
      mean.push(sum / in_band);
    }
    return {
      low, high, mean, told: told.map((distance) => kernel(distance - made_for[key], ladder)),
      wavelengths: ladder.map((rung) => (2 * Math.PI) / rung),
    };
  }

  function describe({ key }, { told, wavelengths }) {
    const [one, hundred, thousand, more] = told.map((score) => score.toFixed(2));
    return `Wavelengths from 6.28 to ${commas(wavelengths.at(-1))}; a key ${key}. The score is ${one} of the largest at `
      + `distance 1, ${hundred} at 100, ${thousand} at 1,000 and ${more} at 10,000.`;
  }

  function draw(sheet, { base, planes }, { low, high, mean, wavelengths }) {
    const panel = sheet.panel({
      left: 60, top: 14, width: sheet.width - 100, height: sheet.height - 96, x: [1, 1e6], y: [-0.75, 1.05], log: true,
    });
    panel.axes({
      xticks: [1, 100, 1e4, 1e6].map((tick) => [tick, commas(tick)]), yticks: [-0.5, 0, 0.5, 1], ylabel: "score / largest",
    });
    const edges = Array.from({ length: low.length + 1 }, (_, band) => 10 ** ((6 * band) / low.length));
    const steps = (values) => values.flatMap((value) => [value, value]);
    panel.band(steps(edges).slice(1, -1), steps(low), steps(high), { colour: "sky", opacity: 0.75 });
    panel.line([1, 1e6], [0, 0], { colour: "axis", width: 1 });
    panel.line(mean.map((_, band) => Math.sqrt(edges[band] * edges[band + 1])), mean, { colour: "blue", width: 2.5 });

    const row = panel.top + panel.height + 38;
    const seen = wavelengths.filter((wave) => wave <= 1e6).map((wave) => panel.x(wave));
    sheet.strokes(seen.map((x) => [[x, row - 7], [x, row + 7]]), { colour: "orange", width: 1.5 });
    sheet.text(panel.left + panel.width / 2, row + 22, "distance; the wavelengths");
    if (planes === 1) return;
    // The slowest rung has the wavelength 2π β^((N - 1) / N).
    const power = planes / (planes - 1);
    sheet.handle({
      name: "longest", label: "The longest wavelength, which the base sets", text: `${commas(wavelengths.at(-1))}, `
        + `base ${commas(base)}`, at: [Math.min(panel.x(wavelengths.at(-1)), panel.x(1e6) + 8), row],
      value: [Math.log10(base)], least: Math.log10(2), most: 8, step: 0.04,
      find: (x) => [power * Math.log10(panel.fromX(x) / (2 * Math.PI))], set: (to) => ({ base: 10 ** to }),
    });
  }

  mmnotes.formula("ladder", {
    compute, describe, draw,
    hint: "Drag the longest wavelength, and the base goes with it; or Tab to it and use the arrows.",
  });
})();
