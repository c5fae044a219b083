// Labs that the page computes: plain arithmetic and a drawing in place of the pictures made beforehand, over every value
// that a control reaches. A lab's own script calls `mmnotes.formula` with its name and four things:
//   compute(values, given)                 numbers, held by `make book` to those of the package
//   describe(values, numbers, given)       the words of the drawing
//   draw(sheet, values, numbers, given)    the drawing, with handles to drag: theme/assets/formula/plot.js
//   hint                                   how to drag, for the reader; none where nothing can be
(() => {
  "use strict";

  const PHONE = 316; // CSS pixels a drawing is wide on a screen of 360, as in mmnotes/page/frames.py
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const STEPS = { "+": 1, "=": 1, "-": -1, PageUp: 10, PageDown: -10 };
  const { startLab, position, put, phone, Sheet } = mmnotes;

  const clamped = (value, least, most) => (Array.isArray(value)
    ? value.map((each) => clamped(each, least, most))
    : Math.min(most, Math.max(least, Math.round(value * 1000) / 1000))); // as the address writes it

  // Numbers in the shape of others, taken from a flat list; nothing if there are too few or too many.
  function shaped(like, flat) {
    const rest = [...flat];
    const take = (part) => (Array.isArray(part) ? part.map(take) : rest.shift());
    const found = take(like);
    return rest.length || [found].flat(Infinity).some((each) => !Number.isFinite(each)) ? undefined : found;
  }

  function make(tag, name, parent, space) {
    const element = space ? document.createElementNS(space, tag) : document.createElement(tag);
    element.setAttribute("class", name);
    parent.append(element);
    return element;
  }

  function computed(formula, lab, fields, on) {
    const [picture, text] = ["picture", "text"].map((name) => lab.querySelector(`.mm-lab-${name}`));
    const given = JSON.parse(lab.dataset.given);
    const dragged = JSON.parse(lab.dataset.dragged);
    const names = Object.keys(dragged);
    const rest = () => Object.fromEntries(names.map((name) => [name, structuredClone(dragged[name].default)]));
    const reach = new Map(fields.map((field) => [field.id.slice(lab.id.length + 1), field]));
    const values = new Map(fields.map((field) => [field, JSON.parse(field.dataset.values)]));
    const sizes = [lab.querySelector("source") ?? picture, picture].map(
      (image) => ["width", "height"].map((side) => Number(image.getAttribute(side))));
    let moved = rest();

    const drawing = document.createElement("div");
    drawing.className = "mm-lab-drawing";
    const svg = make("svg", "mm-plot", drawing, "http://www.w3.org/2000/svg");
    svg.setAttribute("role", "img");
    const layer = make("div", "mm-lab-handles", drawing);
    const handles = new Map(); // by name: what is dragged, and the element that is
    let drawn = []; // the parts of the drawing that is shown

    const now = () => ({
      ...Object.fromEntries([...reach].map(([name, field]) => [name, values.get(field)[position(field)]])), ...moved,
    });

    function show() {
      const [slim, wide] = sizes;
      const size = phone.matches ? [PHONE, Math.round((PHONE * slim[1]) / slim[0])] : wide;
      const sheet = new Sheet(...size, lab.dataset.address);
      const set = now();
      const numbers = formula.compute(set, given);
      const words = formula.describe(set, numbers, given);
      formula.draw(sheet, set, numbers, given);
      svg.setAttribute("viewBox", `0 0 ${sheet.width} ${sheet.height}`);
      svg.setAttribute("aria-label", words);
      paint(sheet.parts);
      drawing.style.maxWidth = `${sheet.width}px`;
      text.textContent = words;
      place(sheet);
    }

    // Each part is one element. Where few differ from what is shown, only those are made anew.
    function paint(parts) {
      const changed = [...parts.keys()].filter((i) => parts[i] !== drawn[i]);
      if (parts.length !== drawn.length || 2 * changed.length > parts.length) {
        svg.innerHTML = parts.join("");
      } else {
        const shown = [...svg.children];
        const fresh = svg.cloneNode(false);
        fresh.innerHTML = changed.map((i) => parts[i]).join("");
        [...fresh.children].forEach((part, i) => shown[changed[i]].replaceWith(part));
      }
      drawn = parts;
    }

    // Put the handles where the drawing has them. They stay the same elements, which a finger or the focus is on.
    function place(sheet) {
      const wanted = new Set(sheet.handles.map((each) => each.name));
      for (const [name, { element }] of handles) {
        if (wanted.has(name)) continue;
        element.remove();
        handles.delete(name);
      }
      for (const spec of sheet.handles) {
        if (!handles.has(spec.name)) handles.set(spec.name, { element: handle(spec) });
        const own = Object.assign(handles.get(spec.name), { spec, sheet });
        const look = [sheet.width, sheet.height, spec.label, spec.text, ...spec.value, ...spec.at, spec.size].join();
        if (look === own.look) continue; // of a matrix most cells stay where and what they are
        own.look = look;
        const { element } = own;
        element.setAttribute("aria-label", spec.label);
        element.setAttribute("aria-valuetext", spec.text);
        element.setAttribute("aria-valuenow", spec.value[0]);
        element.style.left = `${(100 * spec.at[0]) / sheet.width}%`;
        element.style.top = `${(100 * spec.at[1]) / sheet.height}%`;
        if (!spec.size) continue;
        element.title = spec.text; // cells may be too small for numbers
        element.style.width = `${(100 * spec.size[0]) / sheet.width}%`;
        element.style.height = `${(100 * spec.size[1]) / sheet.height}%`;
      }
    }

    // What a handle's new value changes: controls go to the nearest value they have.
    function change(spec, value) {
      const span = spec.most - spec.least;
      const whole = value.map((each) => (spec.wraps
        ? each - span * Math.floor((each - spec.least) / span)
        : Math.min(spec.most, Math.max(spec.least, each))));
      for (const [name, wish] of Object.entries(spec.set(...whole))) {
        const field = reach.get(name);
        if (!field) {
          moved[name] = clamped(wish, dragged[name].least, dragged[name].most);
          continue;
        }
        const offers = values.get(field);
        put(field, offers.reduce((best, each, at) => (
          Math.abs(each - wish) < Math.abs(offers[best] - wish) ? at : best), 0));
      }
      on.moved();
    }

    function handle({ name, size, grid, least, most, value }) {
      const element = make("div", size ? "mm-handle mm-handle-cell" : "mm-handle", layer);
      const first = grid && ![...handles.values()].some((each) => each.spec?.grid);
      element.tabIndex = grid && !first ? -1 : 0;
      element.setAttribute("role", "slider");
      element.setAttribute("aria-valuemin", least);
      element.setAttribute("aria-valuemax", most);
      if (value.length > 1) element.setAttribute("aria-roledescription", "point");
      element.setAttribute("aria-describedby", hint.id);
      const spec = () => handles.get(name).spec;
      let held;

      const point = (event) => {
        const box = svg.getBoundingClientRect();
        const scale = handles.get(name).sheet.width / box.width;
        return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      };
      element.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        const [x, y] = point(event);
        held = { from: spec().value, off: [x - spec().at[0], y - spec().at[1]] };
        element.setPointerCapture(event.pointerId);
        element.focus({ preventScroll: true });
      });
      element.addEventListener("pointermove", (event) => {
        if (!held) return;
        const [x, y] = point(event);
        change(spec(), spec().find(x - held.off[0], y - held.off[1], held.from));
      });
      element.addEventListener("lostpointercapture", () => {
        held = undefined;
        on.settled();
      });
      element.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const value = pressed(spec(), event.key);
        if (value === undefined) return;
        event.preventDefault();
        if (value) change(spec(), value);
      });
      element.addEventListener("keyup", on.settled);
      element.addEventListener("focus", () => {
        if (!grid) return;
        for (const each of handles.values()) if (each.spec.grid) each.element.tabIndex = -1;
        element.tabIndex = 0;
      });
      return element;
    }

    // The value that a key asks for; null where it only goes to another cell of a grid, nothing where it is not ours.
    function pressed({ value, least, most, step, grid }, key) {
      const along = KEYS[key];
      if (along && grid) {
        const [row, column] = [grid[0] - along[1], grid[1] + along[0]];
        [...handles.values()].find(({ spec }) => spec.grid?.[0] === row && spec.grid[1] === column)?.element.focus();
        return null;
      }
      if (along && value.length > 1) return value.map((each, side) => each + step * along[side]);
      if (along) return [value[0] + step * (along[0] + along[1])];
      if (key in STEPS) return [value[0] + step * STEPS[key], ...value.slice(1)];
      if (key === "Home") return [least, ...value.slice(1)];
      if (key === "End") return [most, ...value.slice(1)];
      return undefined;
    }

    const hint = document.createElement("p");
    hint.className = "mm-lab-hint";
    hint.id = `${lab.id}-hint`;
    if (formula.hint) {
      hint.textContent = `${formula.hint} `;
      if (names.length) {
        const back = make("button", "mm-lab-back", hint);
        back.type = "button";
        back.textContent = "Put back";
        back.addEventListener("click", () => { moved = rest(); on.moved(); on.settled(); });
      }
    }
    show(); // a script that fails here leaves the picture and the words that are there
    text.before(drawing);
    if (formula.hint) text.before(hint);
    lab.classList.add("mm-lab-computed");
    phone.addEventListener("change", show);

    return {
      change() { show(); on.shown(); },
      prefetch() {},
      state: () => names
        .filter((name) => JSON.stringify(moved[name]) !== JSON.stringify(dragged[name].default))
        .map((name) => [name, [moved[name]].flat(Infinity).join(" ")]),
      recall(wished) {
        moved = rest();
        for (const name of names) {
          const numbers = shaped(dragged[name].default, (wished.get(name) ?? "").split(" ").map(Number));
          if (wished.has(name) && numbers !== undefined) {
            moved[name] = clamped(numbers, dragged[name].least, dragged[name].most);
          }
        }
      },
      print() { text.textContent = picture.alt; },
      printed: show,
    };
  }

  mmnotes.formulas = {}; // by name, for whoever asks what a page computes: the console, and the tests
  mmnotes.formula = (name, formula) => {
    mmnotes.formulas[name] = formula;
    const lab = document.getElementById(`lab-${name}`);
    startLab(lab, (...parts) => computed(formula, ...parts));
  };
})();
