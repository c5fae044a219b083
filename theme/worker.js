// What runs a network beside the page: `ort`, the runtime, stands in the same script, put there by theme/networks.py.
// Each message {act, ...} is answered by what the act gives, or by {error}, in the order in which they came.
const acts = {
  // The network, and the runtime as WebAssembly, both as bytes.
  async open({ wasm, network }) {
    Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: wasm });
    acts.session = await ort.InferenceSession.create(network, { executionProviders: ["wasm"], logSeverityLevel: 3 });
    return {};
  },
  // Inputs as {name: [numbers, shape]} -> outputs as {name: numbers}.
  async run({ inputs }) {
    const tensors = {};
    for (const [name, [values, shape]] of Object.entries(inputs)) tensors[name] = new ort.Tensor("float32", values, shape);
    const outputs = await acts.session.run(tensors);
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]));
  },
};

let before = Promise.resolve();
self.onmessage = ({ data: { act, ...given } }) => {
  before = before.then(() => acts[act](given)).then(
    (results) => self.postMessage({ results }),
    (error) => self.postMessage({ error: String(error?.message ?? error) }),
  );
};
