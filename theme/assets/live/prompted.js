// Two pictures and a text prompt the generator, an outline may steer it: the sample forms step by step, anew each time.
(() => {
  "use strict";

  const SIDE = 32, LEVELS = 63;

  function start(place, network, kit) {
    const { make, board, sampler, edgeMap, agreement, paint, fromLevels } = kit;
    const { texts, pictures, examples, settings } = network.data;
    const { form, say, slider, menuOf, field, seedField, live, strip, shown } = sampler(place, network, { given, described }, kit);

    // Row number `row` of an array with so many rows.
    function rowOf(name, row, rows) {
      const values = network.arrays[name], width = values.length / rows;
      return values.slice(row * width, (row + 1) * width);
    }

    // A picture to choose: radio buttons, of which the page shows the pictures.
    function choice(label, chosen) {
      const name = `${place.closest(".mm-lab").id}-live-${label.toLowerCase().replaceAll(" ", "-")}`;
      const legend = make("legend"), grid = make("div", { className: "mm-choice-grid" });
      let number = chosen;
      const told = () => { legend.textContent = `${label}: ${pictures[number]}`; };
      pictures.forEach((picture, place) => {
        const input = make("input", { type: "radio", name, value: place, checked: place === chosen, autocomplete: "off" });
        input.setAttribute("aria-label", picture);
        input.addEventListener("change", () => { number = place; told(); form(); });
        grid.append(make("label", { title: picture }, input, paint(make("canvas"), fromLevels(rowOf("pictures", place, pictures.length), LEVELS))));
      });
      told();
      const element = make("fieldset", { className: "mm-choice" }, legend, grid);
      return { element, number: () => number };
    }

    function given() {
      const feature = ({ number }) => rowOf("features", number(), pictures.length);
      const number = ({ value }) => Float32Array.of(value);
      return {
        text: rowOf("texts", Number(menu.value), texts.length),
        first: feature(first),
        second: feature(second),
        scales: Float32Array.of(firstScale.value, secondScale.value),
        shared: Float32Array.of(Number(shared.checked)),
        hint: Float32Array.from(drawing.cells()),
        steering: number(steering),
        guidance: number(guidance),
      };
    }

    function described(picture) {
      const prompts = [[first, firstScale], [second, secondScale]]
        .filter(([, { value }]) => Number(value))
        .map(([one, { value }]) => `${pictures[one.number()]} at ${value}`);
      const drawn = drawing.cells();
      const f1 = agreement(edgeMap(picture, SIDE), drawn, SIDE);
      const outline = drawn.some(Boolean) ? `. Agreement with your outline ${f1.toFixed(2)}` : "";
      return `Text: ${texts[menu.value].label}. Pictures: ${prompts.join(" and ") || "none"}${outline}`;
    }

    const [menu, menuField] = menuOf("Text", texts);
    const first = choice("First picture", settings.pictures[0]), second = choice("Second picture", settings.pictures[1]);
    const [firstScale, firstField] = slider("Scale of the first", settings.scale);
    const [secondScale, secondField] = slider("Scale of the second", settings.scale);
    const [guidance, guidanceField] = slider("Guidance", settings.guidance);
    const [example, exampleField] = menuOf("Outline of", [{ label: "your own, or none" }, ...examples.map((label) => ({ label }))]);
    const [steering, steeringField] = slider("Scale of the outline", settings.steering);
    const shared = make("input", { type: "checkbox", checked: true });
    const sharedField = field("One softmax for both pictures", shared);
    sharedField.classList.add("mm-lab-switch");
    sharedField.append(sharedField.firstChild); // the box stands before its words
    const drawing = board({ side: SIDE, label: "Your outline", changed, say }, kit);

    let loading = false;
    function changed() {
      if (!loading) example.value = 0;
      form();
    }

    function load() {
      const chosen = Number(example.value) - 1;
      if (chosen < 0) return;
      loading = true;
      drawing.set(rowOf("outlines", chosen, examples.length));
      loading = false;
    }

    for (const input of [menu, shared]) input.addEventListener("change", form);
    example.addEventListener("change", load);
    place.append(
      make("div", { className: "mm-live-pair" },
        make("div", {}, first.element, firstField),
        make("div", {}, second.element, secondField)),
      make("div", { className: "mm-live-pair" }, shown, drawing.element),
      strip,
      make("div", { className: "mm-lab-controls" }, sharedField, menuField, guidanceField, exampleField, steeringField, seedField),
      live,
    );
    form();
    place.querySelector(".mm-choice input:checked").focus();
  }

  document.currentScript.gives = { start };
})();
