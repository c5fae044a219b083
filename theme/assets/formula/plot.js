// A small drawing library for labs that the page computes: a sheet, panels with axes on it, and handles to drag.
// A drawing is text, SVG, made of numbers and nothing else, so that it is the same in a page and in node. Colours are
// names; theme/assets/formula/lab.css has a light and a dark one for each. Places are in pixels of the sheet.
(() => {
  "use strict";

  const LETTERS = 13; // pixels; a sheet is shown as wide as it is, or a little narrower
  const TICK = 4;

  const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const short = (number) => Math.round(number * 10) / 10; // a tenth of a pixel
  const paint = (colour) => (colour === "ink" ? "currentColor" : `var(--mm-${colour})`);
  const path = (points) => points.map(([x, y]) => `${short(x)},${short(y)}`).join(" ");

  // Numbers as a grey picture, black for zero and white for the most: a bitmap in a data address.
  function greys(rows) {
    const [height, width] = [rows.length, rows[0].length];
    const most = Math.max(...rows.map((row) => Math.max(...row))) || 1;
    const line = 4 * Math.ceil(width / 4);
    const start = 54 + 1024;
    const bytes = new Uint8Array(start + line * height);
    const words = new DataView(bytes.buffer);
    bytes.set([66, 77]); // BM
    const head = [[2, bytes.length], [10, start], [14, 40], [18, width], [22, height], [26, 1 | (8 << 16)], [46, 256]];
    for (const [at, value] of head) words.setUint32(at, value, true);
    for (let shade = 0; shade < 256; shade += 1) bytes.fill(shade, 54 + 4 * shade, 57 + 4 * shade);
    rows.forEach((row, i) => row.forEach((value, j) => { // the lowest row comes first
      bytes[start + line * (height - 1 - i) + j] = Math.round((255 * Math.max(value, 0)) / most);
    }));
    return `data:image/bmp;base64,${btoa(String.fromCharCode(...bytes))}`;
  }

  // What is drawn is a list of parts, each the text of one element.
  class Sheet {
    constructor(width, height, address = "") {
      Object.assign(this, { width, height, address, parts: [], handles: [], masks: 0 }); // files of the lab lie at the address
    }

    // A line of words, its middle (or its start or end) at the place; `turned` is read from below upwards.
    text(x, y, words, { anchor = "middle", colour = "ink", bold = false, turned = false } = {}) {
      const turn = turned ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : "";
      const weight = bold ? ' font-weight="600"' : "";
      this.parts.push(`<text x="${short(x)}" y="${short(y + LETTERS * 0.35)}" text-anchor="${anchor}"${weight}${turn}`
        + ` font-size="${LETTERS}" fill="${paint(colour)}">${escape(words)}</text>`);
    }

    line(points, { colour = "ink", width = 2, dashed = false } = {}) {
      const dashes = dashed ? ' stroke-dasharray="5 4"' : "";
      this.parts.push(`<polyline points="${path(points)}" fill="none" stroke="${paint(colour)}"`
        + ` stroke-width="${width}" stroke-linejoin="round"${dashes}/>`);
    }

    // Many short lines of one look, each from a place to another.
    strokes(pairs, { colour = "ink", width = 1 } = {}) {
      const each = ([[x, y], [toX, toY]]) => `M${short(x)} ${short(y)}L${short(toX)} ${short(toY)}`;
      this.parts.push(`<path d="${pairs.map(each).join("")}" stroke="${paint(colour)}" stroke-width="${width}"/>`);
    }

    area(points, { colour = "blue", opacity = 1 } = {}) {
      this.parts.push(`<polygon points="${path(points)}" fill="${paint(colour)}" fill-opacity="${opacity}"/>`);
    }

    rect(x, y, width, height, { colour = "blue", opacity = 1, edge = "" } = {}) {
      const line = edge ? ` stroke="${paint(edge)}"` : "";
      this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(width, 0))}"`
        + ` height="${short(Math.max(height, 0))}" fill="${paint(colour)}" fill-opacity="${opacity}"${line}/>`);
    }

    circle(x, y, radius, { colour = "blue", opacity = 1, edge = "" } = {}) {
      const line = edge ? ` stroke="${paint(edge)}" stroke-width="2"` : "";
      this.parts.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}" fill="${paint(colour)}"`
        + ` fill-opacity="${opacity}"${line}/>`);
    }

    // A picture from a file that has many side by side, each a square: the number of it, and its size in the file.
    tile(x, y, side, source, [number, size]) {
      this.parts.push(`<svg x="${short(x)}" y="${short(y)}" width="${short(side)}" height="${short(side)}"`
        + ` viewBox="${number * size} 0 ${size} ${size}"><image height="${size}" href="${escape(source)}"/></svg>`);
    }

    // Something to drag. `value`, one number or two, is what it stands for and lies between `least` and `most`;
    // `find(x, y, from)` is the value at a place, with `from` the one when the drag began, and `set(...value)` what a
    // value changes: controls and dragged numbers, by name. Of a `grid` of them one is reached by Tab.
    handle({ name, label, text, at, value, least, most, step, find, set, wraps = false, size = null, grid = null }) {
      this.handles.push({ name, label, text, at, value, least, most, step, find, set, wraps, size, grid });
    }

    // A cell of a matrix: dragged sideways, so that a finger going up and down still scrolls the page.
    cell({ box: [x, y, width, height], perPixel, value, ...rest }) {
      const middle = [x + width / 2, y + height / 2];
      const find = (to, _, from) => [from[0] + (to - middle[0]) * perPixel];
      this.handle({ ...rest, at: middle, size: [width, height], value: [value], find });
    }

    panel(place) {
      return new Panel(this, place);
    }
  }

  // A rectangle of the sheet with a scale on each side; `x` and `y` are the values at its ends.
  class Panel {
    constructor(sheet, { left, top, width, height, x, y, log = false }) {
      Object.assign(this, { sheet, left, top, width, height, range: { x, y }, log });
      const scale = log ? Math.log : (value) => value;
      const back = log ? Math.exp : (value) => value;
      const [low, high] = x.map(scale);
      this.x = (value) => left + (width * (scale(value) - low)) / (high - low);
      this.fromX = (place) => back(low + ((place - left) * (high - low)) / width);
      this.y = (value) => top + (height * (value - y[1])) / (y[0] - y[1]);
      this.fromY = (place) => y[1] + ((place - top) * (y[0] - y[1])) / height;
    }

    // The left and the lower side with ticks, each a number or a pair of a number and its words.
    axes({ xticks = [], yticks = [], xlabel = "", ylabel = "", title = "" }) {
      const { sheet, left, top, width, height } = this;
      const bottom = top + height;
      const both = (tick) => (Array.isArray(tick) ? tick : [tick, String(tick).replace("-", "−")]);
      if (xlabel || xticks.length) sheet.line([[left, bottom], [left + width, bottom]], { colour: "axis", width: 1 });
      if (ylabel || yticks.length) sheet.line([[left, top], [left, bottom]], { colour: "axis", width: 1 });
      sheet.strokes([
        ...xticks.map(both).map(([value]) => [[this.x(value), bottom], [this.x(value), bottom + TICK]]),
        ...yticks.map(both).map(([value]) => [[left - TICK, this.y(value)], [left, this.y(value)]]),
      ], { colour: "axis" });
      for (const [value, words] of xticks.map(both)) {
        sheet.text(this.x(value), bottom + TICK + 9, words);
      }
      for (const [value, words] of yticks.map(both)) {
        sheet.text(left - TICK - 3, this.y(value), words, { anchor: "end" });
      }
      if (xlabel) sheet.text(left + width / 2, bottom + TICK + 27, xlabel);
      if (ylabel) sheet.text(left - 40, top + height / 2, ylabel, { turned: true });
      if (title) sheet.text(left, top - 12, title, { anchor: "start" });
    }

    points(xs, ys) {
      return xs.map((value, i) => [this.x(value), this.y(ys[i])]);
    }

    line(xs, ys, style) {
      this.sheet.line(this.points(xs, ys), style);
    }

    band(xs, low, high, style) {
      this.sheet.area([...this.points(xs, low), ...this.points(xs, high).reverse()], style);
    }

    // A map of many numbers, rows from above: the more, the more of the colour. A picture says how much, the page's own
    // colour what is seen, so that it is right in the dark too.
    heat(rows, { colour = "blue" } = {}) {
      const { left, top, width, height, sheet } = this;
      sheet.masks += 1;
      const name = `mm-heat-${sheet.address.replace(/\W+/g, "-")}-${sheet.masks}`;
      const place = `x="${short(left)}" y="${short(top)}" width="${short(width)}" height="${short(height)}"`;
      sheet.parts.push(`<g><mask id="${name}"><image ${place} preserveAspectRatio="none" href="${greys(rows)}"/></mask>`
        + `<rect ${place} fill="${paint(colour)}" mask="url(#${name})"/></g>`);
    }

    // A bar from one value of y to another, between two values of x.
    bar([from, to], [low, high], style) {
      const [x, y] = [this.x(from), this.y(Math.max(low, high))];
      this.sheet.rect(x, y, this.x(to) - x, this.y(Math.min(low, high)) - y, style);
    }

    // A point to drag along the axes named in `free`; it stands for its place, if no `value` and `find` say otherwise.
    point({ at, free = "xy", ...rest }) {
      const sides = [...free].map((side) => "xy".indexOf(side));
      const find = (x, y) => sides.map((side) => (side ? this.fromY(y) : this.fromX(x)));
      this.sheet.handle({ value: sides.map((side) => at[side]), find, ...rest, at: [this.x(at[0]), this.y(at[1])] });
    }
  }

  // Numbers as Python's format writes them: f"{x:+.2f}", f"{x:,.0f}", f"{x:g}".
  const signed = (number, digits) => (number < 0 ? "" : "+") + number.toFixed(digits);
  const commas = (number) => number.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
  const general = (number) => String(Number(number.toPrecision(6)));

  globalThis.mmnotes = { ...globalThis.mmnotes, Sheet, signed, commas, general };
})();
