// What runs a network beside the page: `ort`, the runtime, stands in the same script, put there by theme/networks.py.
// Each message {act, ...} is answered by what the act gives, or by {error}, in the order in which they came.
const acts = {
  // Networks by name, and the runtime as WebAssembly, all as bytes.
  async open({ wasm, networks }) {
    Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: wasm });
    acts.sessions = {};
    for (const [name, network] of Object.entries(networks)) {
      acts.sessions[name] = await ort.InferenceSession.create(network, { executionProviders: ["wasm"], logSeverityLevel: 3 });
    }
    return {};
  },
  // Inputs as {name: [numbers, shape]} -> outputs as {name: numbers}.
  async run({ name, inputs }) {
    const tensors = {};
    for (const [input, [values, shape]] of Object.entries(inputs)) tensors[input] = new ort.Tensor("float32", values, shape);
    const outputs = await acts.sessions[name].run(tensors);
    return Object.fromEntries(Object.entries(outputs).map(([output, { data }]) => [output, data]));
  },
};

let before = Promise.resolve();
self.onmessage = ({ data: { act, ...given } }) => {
  before = before.then(() => acts[act](given)).then(
    (results) => self.postMessage({ results }),
    (error) => self.postMessage({ error: String(error?.message ?? error) }),
  );
};
