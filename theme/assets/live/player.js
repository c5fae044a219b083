// Loads what a lab's network needs and runs it. A page that was opened from the file system can load scripts and no
// other file: bundles are made by theme/bundle.py as scripts that hold text, in pieces.
(() => {
  "use strict";

  const HERE = new URL(".", document.currentScript.src);
  // The smallest module with an instruction of SIMD, which the runtime is made of.
  const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  const NEEDS = 0.5; // GB of memory that a device must say it has; browsers round it

  function missing() {
    if (!globalThis.WebAssembly?.validate(new Uint8Array(SIMD))) return "it has no WebAssembly with SIMD";
    if (!globalThis.DecompressionStream) return "it cannot unpack compressed files";
    if (navigator.deviceMemory < NEEDS) return "this device has too little memory";
    return "";
  }

  function sheet(address) {
    return new Promise((done, fail) => {
      const element = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address });
      element.onload = done;
      element.onerror = () => fail(new Error(`${address} could not be loaded`));
      document.head.append(element);
    });
  }

  function decoded(text) {
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = letters.charCodeAt(i);
    return bytes;
  }

  // The files of a bundle: a line of JSON with their sizes, then what is in them.
  async function unpacked(pieces) {
    const stream = new Blob(pieces).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const end = bytes.indexOf(10);
    let start = end + 1;
    const sizes = Object.entries(JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))));
    return Object.fromEntries(sizes.map(([name, size]) => [name, bytes.slice(start, start += size)]));
  }

  async function fetched(script, { folder, pieces }, stop, told) {
    const found = [];
    for (let place = 0; place < pieces; place += 1) {
      found.push(decoded(await script(`${HERE}${folder}/${place}.js`)));
      stop.throwIfAborted();
      told();
    }
    return unpacked(found);
  }

  // The worker and a way to ask it: one answer for each message, in their order.
  function started(code) {
    const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const worker = new Worker(address);
    const waiting = [];
    const settle = ({ results, error }) => {
      const { done, fail } = waiting.shift();
      if (error) fail(new Error(error));
      else done(results);
    };
    worker.onmessage = ({ data }) => settle(data);
    worker.onerror = (event) => {
      event.preventDefault();
      while (waiting.length) settle({ error: event.message || "the worker could not be started" });
    };
    return {
      ask: (act, given, moved = []) => new Promise((done, fail) => {
        waiting.push({ done, fail });
        worker.postMessage({ act, ...given }, moved);
      }),
      end() {
        worker.terminate();
        URL.revokeObjectURL(address);
      },
    };
  }

  // Half precision as the numbers that it stands for.
  function widened(halves) {
    return Float32Array.from(halves, (bits) => {
      const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
      return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
    });
  }

  const READ = {
    float16: ({ buffer }) => widened(new Uint16Array(buffer)),
    float32: ({ buffer }) => new Float32Array(buffer),
    uint8: (bytes) => bytes,
  };

  async function opened(runtime, network, stop) {
    const form = JSON.parse(new TextDecoder().decode(network["form.json"]));
    const arrays = Object.entries(form.arrays).map(([name, [kind]]) => [name, READ[kind](network[name])]);
    const { ask, end } = started(runtime["worker.js"]);
    const ended = new Promise((_, fail) => stop.addEventListener("abort", () => { end(); fail(stop.reason); }));
    const wasm = runtime["runtime.wasm"], shapes = { network: form.inputs, ...form.beside };
    const networks = Object.fromEntries(Object.keys(shapes).map((name) => [name, network[`${name}.onnx`]]));
    try {
      const moved = [wasm, ...Object.values(networks)].map(({ buffer }) => buffer);
      await Promise.race([ask("open", { wasm, networks }, moved), ended]);
    } catch (error) {
      end();
      throw error;
    }
    const run = (name) => (values) => {
      const shaped = Object.entries(values).map(([input, given]) => [input, [given, shapes[name][input]]]);
      return ask("run", { name, inputs: Object.fromEntries(shaped) });
    };
    const beside = Object.fromEntries(Object.keys(form.beside).map((name) => [name, { run: run(name) }]));
    return { data: form.data, arrays: Object.fromEntries(arrays), run: run("network"), beside, end };
  }

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  const button = (text, act) => {
    const made = make("button", { type: "button", textContent: text });
    made.addEventListener("click", act);
    return made;
  };

  // From the button to the form, and back to the offer where that is cancelled or fails.
  async function start(place, script) {
    const lab = place.closest(".mm-lab");
    const offer = place.querySelector(".mm-live-offer"), said = place.querySelector(".mm-live-said");
    const files = JSON.parse(place.dataset.files);

    function offerAgain(words) {
      offer.hidden = false;
      offer.querySelector("button").focus();
      said.replaceChildren(words);
    }

    function play(network, kit) {
      const what = [...offer.querySelectorAll(".mm-live-what")].map((part) => part.textContent).join(" ");
      const form = make("div", { className: "mm-live-form" }, make("p", { className: "mm-live-told", textContent: what }));
      const back = button("Back to the prepared pictures", () => {
        network.end();
        form.dispatchEvent(new Event("left"));
        form.remove();
        lab.classList.remove("mm-live-on");
        offerAgain("");
      });
      lab.classList.add("mm-live-on");
      place.append(form);
      kit.start(form, network, kit);
      form.append(back);
    }

    const lack = missing();
    if (lack) return offerAgain(`This browser cannot run the network: ${lack}. The pictures above remain.`);
    const control = new AbortController(), stop = control.signal;
    const bar = make("progress", { max: files.reduce((sum, { pieces }) => sum + pieces, 1), value: 0 });
    bar.setAttribute("aria-label", "Loading");
    const cancel = button("Cancel", () => control.abort());
    said.replaceChildren("Loading ", bar, " ", cancel);
    offer.hidden = true;
    cancel.focus();
    try {
      const told = () => { bar.value += 1; };
      const kit = { make, button };
      await sheet(`${HERE}live.css`);
      for (const name of place.dataset.form.split(" ")) Object.assign(kit, await script(`${HERE}${name}.js`));
      const bundles = [];
      for (const file of files) bundles.push(await fetched(script, file, stop, told));
      const network = await opened(...bundles, stop);
      said.replaceChildren();
      play(network, kit);
    } catch (error) {
      offerAgain(stop.aborted ? "" : `The network could not be started: ${error.message}. The pictures above remain.`);
    }
  }

  document.currentScript.gives = { start };
})();
