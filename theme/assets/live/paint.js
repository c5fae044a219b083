// A board for small coloured pictures: a round pen of some colours and widths, and a bucket, on white.
(() => {
  "use strict";

  const GRAIN = 4; // dots a side for each pixel of the picture: their mean is the pixel, so that edges are smooth
  const WHITE = [255, 255, 255];
  const COLOURS = {
    black: [40, 40, 45], grey: [150, 155, 160], white: WHITE, brown: [121, 80, 60], skin: [255, 205, 150],
    red: [225, 45, 45], pink: [250, 140, 180], orange: [250, 140, 30], yellow: [255, 205, 50],
    green: [60, 150, 60], "light green": [150, 205, 70], blue: [40, 90, 200], "light blue": [100, 185, 245],
    purple: [140, 80, 190],
  };
  const NEAR = 48; // what the bucket takes for the same colour: the sum of the differences in red, green and blue

  // `changed` is called whenever a stroke ends. `say` tells what a key did. What `planes` gives are red, green and blue
  // from 0 to 1, GRAIN times as many rows and columns as the picture has.
  function painting({ side, label, name, changed, say }, { make, button, hand }) {
    const size = side * GRAIN;
    let dots = new Uint8ClampedArray(4 * size * size).fill(255);
    let colour = "black", filling = false;
    const past = [];
    const at = ([row, column]) => 4 * (row * size + column);
    const { area, canvas } = hand({
      side,
      grain: GRAIN,
      label: `${label}: ${side} by ${side} pixels. Arrows move, Space puts a dot or fills, arrows with Shift draw a line, `
        + "Control with Z undoes.",
      begin: remember,
      put: (place) => draw(place),
      paint: show,
      end: finish,
      mark(place, line = [place]) {
        remember();
        line.forEach(draw);
        finish();
      },
      undo: takeBack,
      here: (place) => `${nearest(dots.subarray(at(place), at(place) + 3))}`,
      say,
    }, { make });
    const surface = canvas.getContext("2d");

    const apart = (one, other) => one.reduce((sum, value, channel) => sum + Math.abs(value - other[channel]), 0);

    function nearest(dot) {
      const far = ([, one]) => apart(one, dot);
      return Object.entries(COLOURS).sort((one, other) => far(one) - far(other))[0][0];
    }

    function show() {
      surface.putImageData(new ImageData(dots, size, size), 0, 0);
    }

    function remember() {
      past.push(dots.slice());
    }

    function finish() {
      show();
      undo.disabled = !past.length;
      changed();
    }

    const draw = (place) => (filling ? fill(place) : dab(place));

    function dab([row, column]) {
      const radius = (GRAIN * width.value) / 2, reach = Math.ceil(radius);
      for (let down = -reach; down <= reach; down += 1) {
        for (let right = -reach; right <= reach; right += 1) {
          const y = row + down, x = column + right;
          const inside = y >= 0 && x >= 0 && y < size && x < size;
          if (inside && down * down + right * right <= radius * radius) dots.set(COLOURS[colour], at([y, x]));
        }
      }
    }

    // All dots around one that are nearly of its colour and hang together.
    function fill(place) {
      const old = [...dots.subarray(at(place), at(place) + 3)], seen = new Uint8Array(size * size), waiting = [place];
      while (waiting.length) {
        const [row, column] = waiting.pop();
        if (row < 0 || column < 0 || row >= size || column >= size || seen[row * size + column]) continue;
        seen[row * size + column] = 1;
        const here = at([row, column]);
        if (apart(old, dots.subarray(here, here + 3)) > NEAR) continue;
        dots.set(COLOURS[colour], here);
        waiting.push([row - 1, column], [row + 1, column], [row, column - 1], [row, column + 1]);
      }
    }

    function takeBack() {
      if (!past.length) return;
      dots = past.pop();
      finish();
    }

    // A picture as red, green and blue from 0 to 255, pixel by pixel.
    function set(picture) {
      remember();
      for (let row = 0; row < size; row += 1) {
        for (let column = 0; column < size; column += 1) {
          const pixel = 3 * (Math.floor(row / GRAIN) * side + Math.floor(column / GRAIN));
          dots.set(picture.subarray(pixel, pixel + 3), at([row, column]));
        }
      }
      finish();
    }

    function planes() {
      return Float32Array.from({ length: 3 * size * size }, (_, place) => {
        const channel = Math.floor(place / (size * size));
        return dots[4 * (place % (size * size)) + channel] / 255;
      });
    }

    function swatch(kind) {
      const input = make("input", { type: "radio", name, value: kind, checked: kind === colour, autocomplete: "off" });
      input.setAttribute("aria-label", kind);
      input.title = kind;
      input.style.setProperty("--colour", `rgb(${COLOURS[kind]})`);
      input.addEventListener("change", () => { colour = kind; });
      return input;
    }

    const undo = button("Undo", takeBack);
    const clear = button("Clear", () => set(new Uint8Array(3 * side * side).fill(255)));
    const bucket = button("Fill", () => {
      filling = !filling;
      bucket.setAttribute("aria-pressed", filling);
    });
    bucket.setAttribute("aria-pressed", false);
    undo.disabled = true;
    const width = make("input", { type: "range", min: 1, max: 8, step: 1, value: 3, id: `${name}-width`, autocomplete: "off" });
    const colours = make("fieldset", { className: "mm-paint-colours" }, ...Object.keys(COLOURS).map(swatch));
    colours.setAttribute("aria-label", "Colour");
    show();
    const element = make(
      "div", { className: "mm-board" }, area, colours,
      make("div", { className: "mm-live-row" }, make("label", { htmlFor: width.id, textContent: "Width" }), width, bucket, undo, clear),
    );
    return { element, set, planes, blank: () => dots.every((value) => value === 255) };
  }

  document.currentScript.gives = { painting };
})();
