// An outline of the reader's own steers the generator: the sample forms step by step, and again after each stroke.
(() => {
  "use strict";

  const SIDE = 32;

  function start(place, network, kit) {
    const { make, board, sampler, edgeMap, agreement } = kit;
    const { texts, examples, settings } = network.data;
    const width = network.arrays.texts.length / texts.length;
    const { form, say, slider, menuOf, seedField, live, strip, shown } = sampler(place, network, { given, described }, kit);

    function given() {
      const text = Number(menu.value);
      return {
        hint: Float32Array.from(drawing.cells()),
        text: network.arrays.texts.slice(text * width, (text + 1) * width),
        scale: Float32Array.of(scale.value),
        guidance: Float32Array.of(guidance.value),
      };
    }

    function described(picture) {
      const f1 = agreement(edgeMap(picture, SIDE), drawing.cells(), SIDE);
      const drawn = drawing.cells().some(Boolean) ? `Agreement with your outline ${f1.toFixed(2)}` : "No outline is drawn";
      return `Sample of ${texts[menu.value].label}. ${drawn}`;
    }

    const [menu, menuField] = menuOf("Text", texts);
    const [example, exampleField] = menuOf("Outline of", [{ label: "your own" }, ...examples]);
    const [scale, scaleField] = slider("Scale", settings.scale);
    const [guidance, guidanceField] = slider("Guidance", settings.guidance);
    const drawing = board({ side: SIDE, label: "Your outline", changed, say }, kit);

    function changed() {
      if (!loading) example.value = 0;
      form();
    }

    let loading = false;
    function load() {
      const chosen = Number(example.value) - 1;
      if (chosen < 0) return;
      loading = true;
      if (examples[chosen].text !== undefined) menu.value = examples[chosen].text;
      drawing.set(network.arrays.outlines.slice(chosen * SIDE * SIDE, (chosen + 1) * SIDE * SIDE));
      loading = false;
    }

    menu.addEventListener("change", form);
    example.addEventListener("change", load);
    place.append(
      make("div", { className: "mm-live-pair" }, drawing.element, shown),
      strip,
      make("div", { className: "mm-lab-controls" }, exampleField, menuField, scaleField, guidanceField, seedField),
      live,
    );
    example.value = 1;
    load();
    place.querySelector(".mm-board-area").focus();
  }

  document.currentScript.gives = { start };
})();
