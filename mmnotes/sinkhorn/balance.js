// Balancing, half a round at a time: the numbers of mmnotes/sinkhorn/formulas.py, `balance`, drawn in the page.
(() => {
  "use strict";

  const total = (numbers) => numbers.reduce((sum, each) => sum + each, 0);
  const down = (matrix) => matrix[0].map((_, column) => total(matrix.map((row) => row[column])));
  const across = (matrix) => matrix.map(total);
  const factor = (number) => (number < 1000 ? number.toFixed(2) : number.toExponential(0));
  const name = (row, column) => `${"AB"[row]}${column + 1}`;

  function compute({ steps, tau, scores }, { rows, columns }) {
    const most = Math.max(...scores.flat());
    const raised = scores.map((row) => row.map((score) => Math.exp((score - most) / tau)));
    const share = total(rows) / total(raised.flat());
    const kernel = raised.map((row) => row.map((each) => share * each));
    let u = rows.map(() => 1);
    let v = columns.map(() => 1);
    for (let step = 0; step < steps; step += 1) {
      if (step % 2 === 0) u = rows.map((mass, i) => mass / total(kernel[i].map((each, j) => each * v[j])));
      else v = columns.map((mass, j) => mass / total(kernel.map((row, i) => u[i] * row[j])));
    }
    const factors = u.map((row) => v.map((column) => row * column));
    return { plan: kernel.map((row, i) => row.map((each, j) => each * factors[i][j])), factors, u, v };
  }

  function describe({ steps }, { plan }, { rows, columns }) {
    const last = steps % 2 ? "rows" : "columns";
    const start = steps ? `The ${last} were scaled last` : "The kernel as it is";
    const range = (sums) => `${Math.min(...sums).toFixed(2)} to ${Math.max(...sums).toFixed(2)}`;
    return `${start}. Row sums ${range(across(plan))}, wanted ${rows[0]}; column sums ${range(down(plan))}, wanted `
      + `${columns[0]}. `
      + `${plan.map((row, i) => `${"AB"[i]} has ${row.map((each) => each.toFixed(2)).join(", ")}`).join("; ")}.`;
  }

  function draw(sheet, { scores }, { plan, u, v }, { rows, columns }) {
    const phone = sheet.width < 400;
    const [left, right] = phone ? [56, 72] : [92, 124];
    const [above, below] = [phone ? 78 : 84, 46];
    const width = (sheet.width - left - right) / columns.length;
    const height = (sheet.height - above - below) / rows.length;
    const most = Math.max(1.5, ...plan.flat());
    plan.forEach((row, i) => row.forEach((value, j) => {
      const [x, y] = [left + j * width, above + i * height];
      sheet.rect(x + 1, y + 1, width - 2, height - 2, { colour: "pale" });
      sheet.rect(x + 1, y + 1, width - 2, height - 2, { colour: "blue", opacity: Math.min(1, 0.62 * value / most) });
      sheet.text(x + width / 2, y + height / 2 - 9, value.toFixed(2), { bold: true });
      sheet.text(x + width / 2, y + height / 2 + 11, `z ${scores[i][j].toFixed(2)}`);
      sheet.cell({
        name: name(i, j), label: `Score of prototype ${"AB"[i]} for sample ${j + 1}`, box: [x, y, width, height],
        text: `${scores[i][j].toFixed(2)}, mass ${value.toFixed(2)}`, value: scores[i][j], least: 0, most: 1,
        step: 0.01, perPixel: 1 / 160,
        set: (score) => ({ scores: scores.map((line, k) => line.map((each, l) => (k === i && l === j ? score : each))) }),
      });
    }));
    rows.forEach((_, i) => {
      const y = above + (i + 0.5) * height;
      sheet.text(left - 8, y - 9, "AB"[i], { anchor: "end", bold: true });
      sheet.text(left - 8, y + 9, `× ${factor(u[i])}`, { anchor: "end" });
    });
    columns.forEach((_, j) => {
      const x = left + (j + 0.5) * width;
      sheet.text(x, above + rows.length * height + 13, String(j + 1), { bold: true });
      sheet.text(x, above + rows.length * height + 31, `× ${factor(v[j])}`);
    });
    sums(sheet, { left, above, width, height, room: [above - 26, right - 14] }, plan, rows, columns);
  }

  // The sums of the columns above the matrix and those of the rows at its right, with what is wanted as orange lines.
  function sums(sheet, { left, above, width, height, room }, plan, rows, columns) {
    const end = left + columns.length * width;
    const tall = (value) => (Math.min(value, 3) / 3) * room[0];
    down(plan).forEach((sum, j) => {
      const x = left + j * width;
      sheet.rect(x + 6, above - 4 - tall(sum), width - 12, tall(sum));
      sheet.line([[x + 2, above - 4 - tall(columns[j])], [x + width - 2, above - 4 - tall(columns[j])]], { colour: "orange" });
    });
    sheet.text(left, 9, "column sums, wanted 1", { anchor: "start" });
    const wide = (value) => (Math.min(value, 4) / 4) * room[1];
    across(plan).forEach((sum, i) => {
      const y = above + i * height;
      sheet.rect(end + 6, y + 8, wide(sum), height - 16);
      sheet.line([[end + 6 + wide(rows[i]), y + 2], [end + 6 + wide(rows[i]), y + height - 2]], { colour: "orange" });
    });
    sheet.text(end + 6, above - 32, "row sums,", { anchor: "start" });
    sheet.text(end + 6, above - 14, "wanted 2", { anchor: "start" });
  }

  mmnotes.formula("balance", {
    compute, describe, draw,
    hint: "Drag a cell sideways to change its score z; or Tab to it and use the arrows.",
  });
})();
