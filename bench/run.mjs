// Milliseconds of runs of an exported network with the runtime that readers get.
// On its standard input: {runtime: folder, network: file, inputs: {name: {dims, data}}, repeats}, data in base64.
import { readFileSync } from "node:fs";

const { runtime, network, inputs, repeats } = JSON.parse(readFileSync(0, "utf-8"));
const { env, InferenceSession, Tensor } = await import(`${runtime}/ort.wasm.bundle.min.mjs`);
env.wasm.numThreads = 1;
env.wasm.wasmBinary = readFileSync(`${runtime}/ort-wasm-simd-threaded.wasm`);
const session = await InferenceSession.create(readFileSync(network), { logSeverityLevel: 3 });
const tensors = Object.fromEntries(Object.entries(inputs).map(([name, { dims, data }]) => {
  const bytes = Buffer.from(data, "base64");
  return [name, new Tensor("float32", new Float32Array(new Uint8Array(bytes).buffer), dims)];
}));
const times = [];
for (let repeat = 0; repeat <= repeats; repeat += 1) {
  const start = performance.now();
  await session.run(tensors);
  if (repeat) times.push(performance.now() - start);
}
process.stdout.write(JSON.stringify(times));
