// Labelled controls as the other labs have them, for forms of their own.
(() => {
  "use strict";

  // Fields of one page need different names: each begins with what the reader sees.
  let count = 0;

  function field(text, input, { make }, ...more) {
    input.id = `mm-field-${count += 1}`;
    input.autocomplete = "off";
    return make("div", { className: "mm-lab-control" }, make("label", { htmlFor: input.id, textContent: text }), ...more, input);
  }

  // A slider; `owner` says to a listener whose it is, where several have one name.
  const slider = (kit) => (text, { least, most, step, value }, owner, act) => {
    const input = kit.make("input", { type: "range", min: least, max: most, step, value });
    const shown = kit.make("span", { className: "mm-lab-value", textContent: value });
    shown.setAttribute("aria-hidden", true);
    const show = () => { shown.textContent = input.value; };
    input.addEventListener("input", () => { show(); act(); });
    const element = field(text, input, kit, shown);
    if (owner) input.setAttribute("aria-label", `${text}, ${owner}`);
    return { input, field: element, set(given) { input.value = given; show(); } };
  };

  // A menu of entries {label, group}; its values are their places.
  const menu = (kit) => (text, entries, act = () => {}) => {
    const select = kit.make("select");
    for (const group of new Set(entries.map((entry) => entry.group))) {
      const own = entries.map((entry, place) => [entry, place]).filter(([entry]) => entry.group === group);
      const options = own.map(([entry, place]) => kit.make("option", { value: place, textContent: entry.label }));
      if (group) select.append(kit.make("optgroup", { label: group }, ...options));
      else select.append(...options);
    }
    select.addEventListener("change", act);
    return { input: select, field: field(text, select, kit) };
  };

  document.currentScript.gives = {
    fields: (kit) => ({
      field: (text, input, ...more) => field(text, input, kit, ...more), slider: slider(kit), menu: menu(kit),
    }),
  };
})();
