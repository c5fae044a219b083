// Runs an exported network with the runtime that readers get, and writes what it gives for each of some inputs.
// On its standard input: {runtime: folder, network: file, trials: [{input: {dims, data}}]}, data in base64.
import { readFileSync } from "node:fs";

const job = JSON.parse(readFileSync(0, "utf-8"));
const { env, InferenceSession, Tensor } = await import(`${job.runtime}/ort.wasm.bundle.min.mjs`);
env.wasm.numThreads = 1;
env.wasm.wasmBinary = readFileSync(`${job.runtime}/ort-wasm-simd-threaded.wasm`);
const session = await InferenceSession.create(readFileSync(job.network), { logSeverityLevel: 3 });

function tensor({ dims, data }) {
  const bytes = Buffer.from(data, "base64");
  return new Tensor("float32", new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), dims);
}

const text = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
const named = (entries, change) => Object.fromEntries(Object.entries(entries).map(([name, it]) => [name, change(it)]));
const results = [];
for (const trial of job.trials) results.push(named(await session.run(named(trial, tensor)), text));
process.stdout.write(JSON.stringify(results));
