// A square to draw on with mouse, finger, pen or keyboard: what is drawn is the business of whoever asks for it.
(() => {
  "use strict";

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

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

  // The keyboard moves over `side` by `side` cells; a pointer meets `grain` times as many each way. A stroke of a
  // pointer calls `begin`, `put` for each cell that it passes, `paint` now and then, and `end`. A key calls `mark` with
  // the cursor's cell and, for a line, its cells; `undo` takes a stroke back, `here` describes a cell.
  function hand({ side, grain, label, begin, put, paint, end, mark, undo, here, say }, { make }) {
    let drawing = false;
    let last; // the cell where the pointer was
    let cursor = [side >> 1, side >> 1];
    const canvas = make("canvas", { width: side * grain, height: side * grain });
    const box = make("div", { className: "mm-board-mark" });
    const area = make("div", { className: "mm-board-area", tabIndex: 0 }, canvas, box);
    area.setAttribute("role", "application");
    area.setAttribute("aria-label", label);

    function show() {
      box.style.setProperty("--row", cursor[0]);
      box.style.setProperty("--column", cursor[1]);
    }

    const middle = (cell) => cell.map((place) => place * grain + (grain >> 1));

    function under({ clientX, clientY }) {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const within = (share) => Math.min(Math.max(Math.floor(share * side * grain), 0), side * grain - 1);
      return [within((clientY - top) / height), within((clientX - left) / width)];
    }

    function pass(cells) {
      for (const cell of cells) put(last = cell);
      cursor = last.map((place) => Math.floor(place / grain));
      show();
      paint();
    }

    function press(event) {
      if (event.button || drawing) return;
      event.preventDefault(); // no selecting, no scrolling
      area.focus();
      area.setPointerCapture(event.pointerId);
      drawing = true;
      begin();
      pass([under(event)]);
    }

    function move(event) {
      if (!drawing) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) {
        pass(line(last, under(each)));
      }
    }

    function lift() {
      if (!drawing) return;
      drawing = false;
      end();
    }

    function key(event) {
      const step = MOVES[event.key];
      if (event.ctrlKey || event.metaKey) {
        if (event.key !== "z") return;
        undo();
      } else if (step) {
        const before = cursor;
        cursor = cursor.map((place, axis) => Math.min(Math.max(place + step[axis], 0), side - 1));
        if (event.shiftKey) mark(middle(cursor), [...line(middle(before), middle(cursor))]);
      } else if (event.key === " " || event.key === "Enter") {
        mark(middle(cursor));
      } else return;
      event.preventDefault();
      show();
      say(`Row ${cursor[0] + 1}, column ${cursor[1] + 1}, ${here(middle(cursor))}.`);
    }

    area.addEventListener("pointerdown", press);
    area.addEventListener("pointermove", move);
    area.addEventListener("pointerup", lift);
    area.addEventListener("pointercancel", lift);
    area.addEventListener("keydown", key);
    show();
    return { area, canvas };
  }

  document.currentScript.gives = { hand };
})();
