// A board of square cells to draw on with mouse, finger, pen or keyboard, its lines one cell wide.
(() => {
  "use strict";

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const INK = [34, 40, 50], PAPER = [255, 255, 255]; // in dark mode too: a picture keeps its colours

  // The cells from one to another, without the first: Bresenham's line.
  function* line([row, column], [lastRow, lastColumn]) {
    const down = Math.abs(lastRow - row), right = Math.abs(lastColumn - column);
    let off = right - down;
    while (row !== lastRow || column !== lastColumn) {
      const double = 2 * off;
      if (double > -down) { off -= down; column += Math.sign(lastColumn - column); }
      if (double < right) { off += right; row += Math.sign(lastRow - row); }
      yield [row, column];
    }
  }

  // `changed` is called with the cells, ones and zeros row by row, whenever a stroke ends. `say` tells what a key did.
  function board({ side, label, changed, say }, { make, button }) {
    let cells = new Uint8Array(side * side);
    let stroke, erasing = false;
    let cursor = [side >> 1, side >> 1];
    const past = [];
    const canvas = make("canvas", { width: side, height: side });
    const mark = make("div", { className: "mm-board-mark" });
    const area = make("div", { className: "mm-board-area", tabIndex: 0 }, canvas, mark);
    area.setAttribute("role", "application");
    area.setAttribute("aria-label", `${label}: ${side} by ${side} cells. Arrows move, Space draws or erases a cell, `
      + "arrows with Shift draw a line, Control with Z undoes.");
    const surface = canvas.getContext("2d");

    function paint() {
      const image = surface.createImageData(side, side);
      cells.forEach((cell, place) => image.data.set([...(cell ? INK : PAPER), 255], 4 * place));
      surface.putImageData(image, 0, 0);
      mark.style.setProperty("--row", cursor[0]);
      mark.style.setProperty("--column", cursor[1]);
    }

    const at = ([row, column]) => row * side + column;
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

    function cellUnder({ clientX, clientY }) {
      const box = canvas.getBoundingClientRect();
      const within = (share) => Math.min(Math.max(Math.floor(share * side), 0), side - 1);
      return [within((clientY - box.top) / box.height), within((clientX - box.left) / box.width)];
    }

    function begin(event) {
      if (event.button || stroke) return;
      event.preventDefault(); // no selecting, no scrolling
      area.focus();
      area.setPointerCapture(event.pointerId);
      remember();
      stroke = [];
      cursor = cellUnder(event);
      put(cursor);
      paint();
    }

    function draw(event) {
      if (!stroke) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) {
        for (const place of line(cursor, cellUnder(each))) put(cursor = place);
      }
      paint();
    }

    function end() {
      if (!stroke) return;
      stroke = undefined;
      finish();
    }

    function press(event) {
      const move = MOVES[event.key];
      if (event.ctrlKey || event.metaKey) {
        if (event.key !== "z") return;
        takeBack();
      } else if (move) {
        const within = (place) => Math.min(Math.max(place, 0), side - 1);
        cursor = cursor.map((place, axis) => within(place + move[axis]));
        if (event.shiftKey) write(1);
      } else if (event.key === " " || event.key === "Enter") {
        write(1 - cells[at(cursor)]);
      } else return;
      event.preventDefault();
      paint();
      say(`Row ${cursor[0] + 1}, column ${cursor[1] + 1}, ${cells[at(cursor)] ? "line" : "empty"}.`);
    }

    function write(value) {
      if (cells[at(cursor)] === value) return;
      remember();
      cells[at(cursor)] = value;
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
    area.addEventListener("pointerdown", begin);
    area.addEventListener("pointermove", draw);
    area.addEventListener("pointerup", end);
    area.addEventListener("pointercancel", end);
    area.addEventListener("keydown", press);
    paint();
    const element = make("div", { className: "mm-board" }, area, make("div", { className: "mm-live-row" }, undo, clear, eraser));
    return { element, set, cells: () => cells };
  }

  document.currentScript.gives = { board };
})();
