// The reader's own words and drawing, each against the pictures and captions of the corpus: the nearest ten.
(() => {
  "use strict";

  const SIDE = 32, LEVELS = 63, MOST = 10;
  const FATES = {
    unseen: "in the vocabulary, but in no caption that it learned from",
    unknown: "not in the vocabulary, left out",
    beyond: "beyond the longest text, left out",
  };

  // The places of the highest numbers, the first of equals first.
  const best = (cosines) => [...cosines.keys()].sort((a, b) => cosines[b] - cosines[a]).slice(0, MOST);

  function start(place, network, kit) {
    Object.assign(kit, kit.fields(kit));
    const { make, menu, field, announcer, reading, painting, paint, fromLevels } = kit;
    const { captions, vocabulary, examples } = network.data;
    const { pictures, drawings } = network.arrays;
    const name = `${place.closest(".mm-lab").id}-live`;
    const { live, say } = announcer(kit);
    let latest = 0, loading = false;

    function thumbnail(number) {
      const levels = pictures.subarray(3 * number * SIDE * SIDE, 3 * (number + 1) * SIDE * SIDE);
      return paint(make("canvas"), fromLevels(levels, LEVELS));
    }

    const labels = captions.map(({ text }) => text.split(", ")[0]);
    const marked = (number, text) => text + (captions[number].held_out ? " *" : "");

    function entry(number, cosine, children, text) {
      const value = make("span", { className: "mm-search-cosine", textContent: cosine.toFixed(2) });
      return make("li", {}, ...children, make("span", { textContent: marked(number, text) }), " ", value);
    }

    function list(title) {
      const heading = make("p", { className: "mm-search-title", textContent: title, id: `${name}-${title.toLowerCase().replaceAll(" ", "-")}` });
      const items = make("ol", { className: "mm-search" });
      items.setAttribute("aria-labelledby", heading.id);
      return { items, element: make("div", {}, heading, items) };
    }

    const byWords = list("Your words find"), byDrawing = list("Your drawing finds");
    const nearestCaptions = list("Captions nearest to your drawing");
    nearestCaptions.items.classList.add("mm-search-captions");
    const tokens = make("p", { className: "mm-search-tokens" }), fate = make("p", { className: "mm-search-said" });
    const meeting = make("p", { className: "mm-live-words" });
    const seen = make("canvas", { width: SIDE, height: SIDE, className: "mm-search-seen" });
    seen.setAttribute("role", "img");
    seen.setAttribute("aria-label", "Your drawing as the tower sees it");

    // The tokens with their numbers; what became of each word is said too, not only drawn.
    function readOut({ words, ids }) {
      const rest = [...ids];
      const token = (word, fate) => make(
        "span", { className: `mm-word mm-word-${fate}` }, word, " ",
        make("small", { textContent: fate === "read" || fate === "unseen" ? rest.shift() : "–" }),
      );
      tokens.replaceChildren(token("start", "read"), ...words.map(([word, fate]) => token(word, fate)), token("end", "read"));
      const fates = Object.entries(FATES).map(([fate, said]) => {
        const own = new Set(words.filter(([, of]) => of === fate).map(([word]) => `“${word}”`));
        return own.size ? `${[...own].join(", ")}: ${said}.` : "";
      });
      const count = ids.indexOf(vocabulary.length + 1) - 1;
      const summary = count
        ? `${count} word${count > 1 ? "s" : ""} read.`
        : "No word was read: this is the answer to a start and an end.";
      fate.textContent = [summary, ...fates].filter(Boolean).join(" ");
      return fate.textContent;
    }

    async function find() {
      const own = (latest += 1);
      place.dataset.state = "searching";
      const text = reading(typed.value, network.data);
      let found;
      try {
        found = await network.run({ board: canvas.planes(), words: Float32Array.from(text.ids) });
      } catch (error) {
        meeting.textContent = `The network stopped: ${error.message}.`;
        say(meeting.textContent);
        return;
      }
      if (own !== latest) return;
      const { told, drawn, named, met } = found;
      const tens = [told, drawn, named].map(best);
      byWords.items.replaceChildren(...tens[0].map((n) => entry(n, told[n], [thumbnail(n)], labels[n])));
      byDrawing.items.replaceChildren(...tens[1].map((n) => entry(n, drawn[n], [thumbnail(n)], labels[n])));
      nearestCaptions.items.replaceChildren(...tens[2].map((n) => entry(n, named[n], [], captions[n].text)));
      paint(seen, { width: SIDE, height: SIDE, planes: found.seen });
      const summary = readOut(text);
      meeting.textContent = `Cosine of your words and your drawing: ${met[0].toFixed(2)}.`;
      const first = (ten) => ten.slice(0, 3).map((n) => labels[n]).join(", ");
      say(`${summary} Words find ${first(tens[0])}. The drawing finds ${first(tens[1])}; captions ${first(tens[2])}. ${meeting.textContent}`);
      place.dataset.state = "ready";
      place.dispatchEvent(new CustomEvent("result", { bubbles: true, detail: { ...found, ...text } }));
    }

    const typed = make("input", { type: "text", value: network.data.text, spellcheck: false, autocapitalize: "none" });
    typed.addEventListener("input", find);
    const { input: example, field: exampleField } = menu("Drawing of", ["your own", ...examples].map((label) => ({ label })), load);
    const canvas = painting({ side: SIDE, label: "Your drawing", name: `${name}-colour`, changed, say }, kit);

    function changed() {
      if (!loading) example.value = 0;
      find();
    }

    function load() {
      const chosen = Number(example.value) - 1;
      if (chosen < 0) return;
      loading = true;
      canvas.set(drawings.subarray(chosen * 3 * SIDE * SIDE, (chosen + 1) * 3 * SIDE * SIDE));
      loading = false;
    }

    place.append(
      make("div", { className: "mm-lab-controls" }, field("Your words", typed), exampleField),
      tokens, fate, byWords.element,
      make("div", { className: "mm-live-pair" }, canvas.element, make("div", {}, make("div", { className: "mm-search-side" }, seen, meeting), nearestCaptions.element)),
      byDrawing.element,
      make("p", { className: "mm-search-said", textContent: "* new: neither this drawing nor its caption was learned from." }),
      live,
    );
    example.value = 1;
    load();
    typed.focus();
  }

  document.currentScript.gives = { start };
})();
