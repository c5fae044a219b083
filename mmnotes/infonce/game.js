// Which caption is mine? The numbers of mmnotes/infonce/formulas.py, `game`, drawn in the page.
(() => {
  "use strict";

  const MOST_PAID = 5; // nats that a bar has room for
  const SIDE = 32; // pixels of a drawing in the file that has them side by side

  const total = (numbers) => numbers.reduce((sum, each) => sum + each, 0);

  // The logarithm of a sum of exponentials, whatever their size.
  function logSum(numbers) {
    const most = Math.max(...numbers);
    return most + Math.log(total(numbers.map((each) => Math.exp(each - most))));
  }

  function compute({ temperature, maps, batch, moved }, { cosines }) {
    const s = cosines[maps][batch].map((row, i) => row.map((each, j) => Math.min(1, Math.max(-1, each + moved[i][j]))));
    const z = s.map((row) => row.map((each) => each / temperature));
    const rows = z.map(logSum);
    const columns = z[0].map((_, j) => logSum(z.map((row) => row[j])));
    const paid = rows.map((row, i) => row - z[i][i]);
    const asked = columns.map((column, j) => column - z[j][j]);
    return {
      s, paid, odds: z.map((row, i) => row.map((each) => Math.exp(each - rows[i]))),
      both: (total(paid) + total(asked)) / (2 * s.length),
    };
  }

  function describe({ temperature, maps, batch }, { s, paid }) {
    const right = s.filter((row, i) => row.indexOf(Math.max(...row)) === i).length;
    return `τ = ${Number(temperature.toPrecision(3))}, ${maps}, eight ${batch}: ${right} of 8 drawings give their own caption the most. `
      + `A row pays ${(total(paid) / s.length).toFixed(2)} nats on average; guessing would cost `
      + `${Math.log(s.length).toFixed(2)}.`;
  }

  function draw(sheet, values, numbers, { captions }) {
    const phone = sheet.width < 400;
    const side = phone ? 26 : 27;
    const names = captions[values.batch];
    const whole = side * names.length;
    const looks = Object.keys(captions).indexOf(values.batch) * names.length;
    const second = phone ? [0, whole + 24] : [side + whole + 26, 0];
    const bars = side + whole + 6;
    matrix(sheet, { at: [0, 0], side, looks, phone, title: "cosine, −1 to 1", names: phone ? [] : names }, numbers.s, {
      cell: (i, j, box) => sheet.cell({
        name: `${i}-${j}`, box, grid: [i, j], value: numbers.s[i][j], least: -1, most: 1, step: 0.02, perPixel: 1 / 120,
        label: `Cosine of drawing ${i + 1}, ${names[i]}, and the caption ${names[j]}`,
        text: `${numbers.s[i][j].toFixed(2)}, probability ${numbers.odds[i][j].toFixed(2)}`,
        // What is dragged is kept as the difference to what the maps make of the pair.
        set: (to) => ({ moved: values.moved.map((row, k) => row.map((each, l) => (
          k === i && l === j ? each + to - numbers.s[i][j] : each))) }),
      }),
    });
    matrix(sheet, { at: second, side, looks, phone, title: "probability", names }, numbers.odds, { cell() {} });
    sheet.text(second[0] + bars, second[1] + 9, phone ? "pays" : "pays, nats", { anchor: "start" });
    numbers.paid.forEach((nats, i) => {
      const [x, y] = [second[0] + bars, second[1] + 20 + i * side];
      const length = (Math.min(nats, MOST_PAID) / MOST_PAID) * (sheet.width - x - 34);
      sheet.rect(x, y + 4, length, side - 8, { colour: "orange" });
      sheet.text(x + length + 4, y + side / 2, nats.toFixed(1), { anchor: "start" });
    });
    const low = second[1] + 20 + whole + 14;
    if (phone) return;
    sheet.text(sheet.width, low, "CLIP's loss, rows", { anchor: "end" });
    sheet.text(sheet.width, low + 18, `and columns: ${numbers.both.toFixed(2)}`, { anchor: "end" });
  }

  // Drawings as rows and captions as columns, a row's own caption framed.
  function matrix(sheet, { at: [left, top], side, looks, title, names }, values, { cell }) {
    sheet.text(left + side, top + 9, title, { anchor: "start" });
    values.forEach((row, i) => {
      const y = top + 20 + i * side;
      sheet.tile(left, y + 1, side - 2, `${sheet.address}/looks.png`, [looks + i, SIDE]);
      row.forEach((value, j) => {
        const x = left + side + 2 + j * side;
        const colour = value < 0 ? "orange" : "blue";
        sheet.rect(x, y, side - 1, side - 1, { colour: "pale", opacity: 0.5 });
        sheet.rect(x, y, side - 1, side - 1, { colour, opacity: Math.min(1, Math.abs(value)).toFixed(3) });
        if (i === j) sheet.rect(x, y, side - 1, side - 1, { opacity: 0, edge: "ink" });
        cell(i, j, [x, y, side - 1, side - 1]);
      });
    });
    names.forEach((name, j) => {
      const x = left + side + 2 + (j + 0.5) * side;
      sheet.text(x - 1, top + 24 + values.length * side, name, { anchor: "end", turned: true });
    });
  }

  mmnotes.formula("game", {
    compute, describe, draw,
    hint: "Drag a cosine sideways; or Tab to the matrix, go with the arrows, and press + or −.",
  });
})();
