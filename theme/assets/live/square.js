// A picture of the reader's own, from a file, dropped or pasted, and the square of it that a network gets. It is read
// here and goes nowhere. Sizes are changed by sums of our own, since browsers differ in theirs.
(() => {
  "use strict";

  const MOST_BYTES = 25e6, MOST_PIXELS = 50e6;
  const LONGEST = 640, BAND = 32; // pixels of a side that are kept, and rows of them that are made at once
  const WHITE = "#fff"; // what stands behind a picture that has holes

  // As mmnotes/layers/areas.py has it: for each place of a line the first pixel that it covers, and their shares.
  function shares(start, extent, length, size) {
    return Array.from({ length: size }, (_, place) => {
      const from = start + (extent / size) * place, to = start + (extent / size) * (place + 1);
      const first = Math.floor(from), covered = [];
      for (let pixel = first; pixel < Math.min(to, length); pixel += 1) {
        covered.push(Math.max(Math.min(to, pixel + 1) - Math.max(from, pixel), 0));
      }
      const sum = covered.reduce((a, b) => a + b);
      return { first, weights: covered.map((each) => each / sum) };
    });
  }

  // What lies in a box of a picture, in so many rows and columns, each pixel the mean of what it covers.
  function areaAverage({ width, height, planes }, { left, top, across, down }, rows, columns) {
    const vertical = shares(top, down, height, rows), horizontal = shares(left, across, width, columns);
    const result = new Float32Array(3 * rows * columns), line = new Float64Array(width);
    for (let channel = 0; channel < 3; channel += 1) {
      vertical.forEach(({ first, weights }, row) => {
        line.fill(0);
        weights.forEach((weight, step) => {
          const start = (channel * height + first + step) * width;
          for (let column = 0; column < width; column += 1) line[column] += weight * planes[start + column];
        });
        horizontal.forEach((stretch, column) => {
          const sum = stretch.weights.reduce((total, weight, step) => total + weight * line[stretch.first + step], 0);
          result[(channel * rows + row) * columns + column] = sum;
        });
      });
    }
    return { width: columns, height: rows, planes: result };
  }

  // Bytes as a canvas has them -> planes from 0 to 1.
  function fromPixels({ width, height, data }) {
    const size = width * height, planes = new Float32Array(3 * size);
    for (let place = 0; place < size; place += 1) {
      for (let channel = 0; channel < 3; channel += 1) planes[channel * size + place] = data[4 * place + channel] / 255;
    }
    return { width, height, planes };
  }

  // What there is of a file's bitmap, or of a camera's picture, at no more than LONGEST pixels a side; band by band, since
  // all of a large one would not fit a phone's memory.
  function drawn(source, width, height) {
    const share = Math.min(LONGEST / Math.max(width, height), 1);
    const [rows, columns] = [height, width].map((side) => Math.max(Math.round(share * side), 1));
    const planes = new Float32Array(3 * rows * columns);
    for (let first = 0; first < rows; first += BAND) {
      const count = Math.min(BAND, rows - first), from = (height * first) / rows, to = (height * (first + count)) / rows;
      const top = Math.floor(from), canvas = document.createElement("canvas");
      Object.assign(canvas, { width, height: Math.min(Math.ceil(to), height) - top });
      const surface = canvas.getContext("2d", { willReadFrequently: true });
      surface.fillStyle = WHITE;
      surface.fillRect(0, 0, width, canvas.height);
      surface.drawImage(source, 0, -top);
      const seen = fromPixels(surface.getImageData(0, 0, width, canvas.height));
      const band = areaAverage(seen, { left: 0, top: from - top, across: width, down: to - from }, count, columns);
      for (let channel = 0; channel < 3; channel += 1) {
        const own = band.planes.subarray(channel * count * columns, (channel + 1) * count * columns);
        planes.set(own, (channel * rows + first) * columns);
      }
    }
    return { width: columns, height: rows, planes };
  }

  // The picture of a file; throws what a reader is told.
  async function read(file) {
    const name = file.name || "What you gave";
    const millions = (count) => `${Math.ceil(count / 1e6)} million`;
    if (file.size > MOST_BYTES) throw new Error(`${name} has ${millions(file.size)} bytes, at most ${millions(MOST_BYTES)} are read.`);
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      throw new Error(`${name} is not a picture that this browser can read.`);
    }
    const { width, height } = bitmap;
    try {
      if (width * height > MOST_PIXELS) {
        throw new Error(`${name} has ${millions(width * height)} pixels, at most ${millions(MOST_PIXELS)} are read.`);
      }
      return drawn(bitmap, width, height);
    } finally {
      bitmap.close();
    }
  }

  // A place for a picture, with what chooses the square: a frame to drag, and sliders that do the same. `changed` is
  // called with every other square and whether it is the whole picture, `taken` when the reader gave a picture,
  // `refused` with the reason why a file gave none. What is dropped or pasted within `place` is meant for it.
  function square({ side, label, place, changed, taken, refused }, { make, button, slider, paint }) {
    let picture, box;
    const canvas = make("canvas", { className: "mm-square-picture" });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${label}, whole`);
    const frame = make("div", { className: "mm-square-frame" });
    const area = make("div", { className: "mm-square-area" }, canvas, frame);
    const input = make("input", { type: "file", accept: "image/*", hidden: true });
    const choose = button("Choose a file", () => input.click());
    const zoom = slider("Zoom", { least: 1, most: 8, step: 0.1, value: 1 }, label, moved);
    const across = slider("Across", { least: 0, most: 100, step: 1, value: 50 }, label, moved);
    const down = slider("Down", { least: 0, most: 100, step: 1, value: 50 }, label, moved);

    function moved() {
      if (!picture) return;
      const { width, height } = picture, extent = Math.min(width, height) / Number(zoom.input.value);
      const left = (Number(across.input.value) / 100) * (width - extent);
      const top = (Number(down.input.value) / 100) * (height - extent);
      box = { left, top, across: extent, down: extent };
      for (const [name, value, whole] of [["left", left, width], ["top", top, height], ["width", extent, width], ["height", extent, height]]) {
        frame.style[name] = `${(100 * value) / whole}%`;
      }
      changed(areaAverage(picture, box, side, side), extent === width && extent === height);
    }

    function set(given) {
      picture = given;
      paint(canvas, picture);
      area.style.setProperty("--ratio", picture.width / picture.height);
      for (const [{ set: put }, value] of [[zoom, 1], [across, 50], [down, 50]]) put(value);
      moved();
    }

    let latest = 0; // the file whose picture may be shown
    async function take(file) {
      const own = (latest += 1);
      try {
        const found = await read(file);
        if (own !== latest) return;
        taken();
        set(found);
      } catch (error) {
        if (own === latest) refused(error.message);
      }
    }

    input.addEventListener("change", () => {
      if (input.files.length) take(input.files[0]);
      input.value = ""; // the same file may be chosen again
    });
    // What is dropped beside the place must not take the page away either.
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
      else refused("What was dropped is not a file.");
    });
    place.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) take(event.clipboardData.files[0]);
      else refused("What was pasted is not a picture.");
    });

    // The frame follows the pointer; the sliders show where it is.
    let grip;
    area.addEventListener("pointerdown", (event) => {
      if (event.button || !picture) return;
      event.preventDefault();
      area.setPointerCapture(event.pointerId);
      grip = { x: event.clientX, y: event.clientY, left: box.left, top: box.top };
    });
    area.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const bounds = canvas.getBoundingClientRect();
      for (const [control, start, way, extent, whole, length] of [
        [across, grip.left, event.clientX - grip.x, box.across, picture.width, bounds.width],
        [down, grip.top, event.clientY - grip.y, box.down, picture.height, bounds.height],
      ]) {
        if (whole - extent > 0) control.set((100 * (start + (way * whole) / length)) / (whole - extent));
      }
      moved();
    });
    for (const kind of ["pointerup", "pointercancel"]) area.addEventListener(kind, () => { grip = undefined; });

    const row = make("div", { className: "mm-live-row" }, choose, input);
    const sliders = make("div", { className: "mm-lab-controls mm-square-controls" }, zoom.field, across.field, down.field);
    return { element: make("div", { className: "mm-square" }, area, row, sliders), row, set };
  }

  document.currentScript.gives = { areaAverage, drawn, square };
})();
