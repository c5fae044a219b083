// Sets formulas: one JSON request a line in, one JSON answer a line out.
import { createInterface } from "node:readline";
import katex from "katex";

// A function's name as an index, as in x_{\min}, has nothing to be applied to; KaTeX says that it is applied all the same,
// and an index of two parts is no MathML: browsers then read out an error.
const APPLIED = /(<mi[^>]*>[^<]*<\/mi>)<mo>\u2061<\/mo>(?=<\/ms(?:ub|up)>)/g;

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    const options = { displayMode: display, output: "htmlAndMathml", throwOnError: true, strict: "error" };
    answer = { html: katex.renderToString(tex, options).replace(APPLIED, "$1") };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
