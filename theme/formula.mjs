// Computes a lab's formula outside a browser: {given, cases} in, for each case its numbers, words and drawing out.
// Usage: node formula.mjs FILE..., the scripts in the order of a page, the lab's own last.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const SIZES = [[528, 372], [316, 316]]; // of a sheet, wide and on a phone: any will do, so long as it is drawn

let formula;
globalThis.mmnotes = { formula: (name, parts) => { formula = parts; } };
for (const file of process.argv.slice(2)) runInThisContext(readFileSync(file, "utf-8"), file);

const { given, cases } = JSON.parse(readFileSync(0, "utf-8"));
const found = cases.map(({ values }) => {
  const numbers = formula.compute(values, given);
  for (const size of SIZES) formula.draw(new globalThis.mmnotes.Sheet(...size), values, numbers, given);
  return { numbers, text: formula.describe(values, numbers, given) };
});
console.log(JSON.stringify(found));
