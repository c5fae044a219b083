// A board of square cells for outlines, its lines one cell wide.
(() => {
  "use strict";

  const INK = [34, 40, 50], PAPER = [255, 255, 255]; // in dark mode too: a picture keeps its colours

  // `changed` is called with the cells, ones and zeros row by row, whenever a stroke ends. `say` tells what a key did.
  function board({ side, label, changed, say }, { make, button, hand }) {
    let cells = new Uint8Array(side * side);
    let stroke, erasing = false;
    const past = [];
    const at = ([row, column]) => row * side + column;
    const { area, canvas } = hand({
      side,
      grain: 1,
      label: `${label}: ${side} by ${side} cells. Arrows move, Space draws or erases a cell, `
        + "arrows with Shift draw a line, Control with Z undoes.",
      begin() {
        remember();
        stroke = [];
      },
      put,
      paint,
      end: finish,
      mark: (place, line) => write(place, line ? 1 : 1 - cells[at(place)]),
      undo: takeBack,
      here: (place) => (cells[at(place)] ? "line" : "empty"),
      say,
    }, { make });
    const surface = canvas.getContext("2d");

    function paint() {
      const image = surface.createImageData(side, side);
      cells.forEach((cell, place) => image.data.set([...(cell ? INK : PAPER), 255], 4 * place));
      surface.putImageData(image, 0, 0);
    }

    const remember = () => past.push(cells.slice());

    function finish() {
      paint();
      undo.disabled = !past.length;
      changed(cells);
    }

    // The outlines that a network learned are thin: a corner between two cells that touch anyway is left out.
    function put(place) {
      stroke.push({ place, kept: cells[at(place)] });
      cells[at(place)] = Number(!erasing);
      if (erasing || stroke.length < 3) return;
      const [first, middle] = stroke.slice(-3);
      const touch = [0, 1].every((axis) => Math.abs(first.place[axis] - place[axis]) === 1);
      if (touch && !middle.kept) {
        cells[at(middle.place)] = 0;
        stroke.splice(-2, 1);
      }
    }

    function write(place, value) {
      if (cells[at(place)] === value) return;
      remember();
      cells[at(place)] = value;
      finish();
    }

    function takeBack() {
      if (!past.length) return;
      cells = past.pop();
      finish();
    }

    function set(given) {
      remember();
      cells = Uint8Array.from(given);
      finish();
    }

    const undo = button("Undo", takeBack);
    const clear = button("Clear", () => set(new Uint8Array(side * side)));
    const eraser = button("Erase", () => {
      erasing = !erasing;
      eraser.setAttribute("aria-pressed", erasing);
    });
    eraser.setAttribute("aria-pressed", false);
    undo.disabled = true;
    paint();
    const element = make("div", { className: "mm-board" }, area, make("div", { className: "mm-live-row" }, undo, clear, eraser));
    return { element, set, cells: () => cells };
  }

  document.currentScript.gives = { board };
})();
