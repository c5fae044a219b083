// Runs what scripts of theme/assets/live compute themselves, and writes what they give.
// On its standard input: {files: {"script.function": file}, cases: {"script.function": [given, ...]}, data}.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const { files, cases, data } = JSON.parse(readFileSync(0, "utf-8"));
const results = {};
for (const [name, file] of Object.entries(files)) {
  globalThis.document = { currentScript: {} };
  runInThisContext(readFileSync(file, "utf-8"), file);
  const called = document.currentScript.gives[name.split(".")[1]];
  results[name] = cases[name].map((given) => called(given, data));
}
process.stdout.write(JSON.stringify(results));
