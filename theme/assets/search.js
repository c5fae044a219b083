// The search page: MiniSearch over the sections of the book, from two scripts beside this one.
(() => {
  "use strict";

  const MOST = 30; // results shown
  const AROUND = 90; // letters of the excerpt before and after the first word found
  // Reference pages answer last: the chapter shows what they only list.
  const WEIGHTS = { chapter: 1, index: 0.5, glossary: 0.5, notation: 0.3, bibliography: 0.25, errata: 0.2 };
  const field = document.querySelector(".bd-search-container input[type=search]");
  const list = document.getElementById("search-results");
  const count = document.getElementById("search-count");
  const sections = window.bookSections.map((section, id) => ({ id, ...section }));
  const engine = new MiniSearch({ fields: ["names", "title", "text"] });
  engine.addAll(sections);

  const options = {
    boost: { names: 6, title: 3 },
    prefix: (term) => term.length > 2,
    fuzzy: (term) => (term.length > 5 ? 0.2 : 0),
    weights: { fuzzy: 0.2, prefix: 0.5 },
    boostDocument: (id) => (WEIGHTS[sections[id].kind] ?? 0.5) * (sections[id].first ? 1.5 : 1),
  };

  function find(question) {
    const all = engine.search(question, { ...options, combineWith: "AND" });
    return all.length ? all : engine.search(question, options);
  }

  // The words around the first one found, with all that were found marked.
  function excerpt(text, terms) {
    const paragraph = document.createElement("p");
    const escaped = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const found = new RegExp(`(?<![\\p{L}\\p{N}])(${escaped.join("|")})`, "giu");
    const at = Math.max(text.search(found), 0);
    const from = at > AROUND ? text.indexOf(" ", at - AROUND) + 1 : 0;
    const to = at + AROUND < text.length ? text.lastIndexOf(" ", at + AROUND) : text.length;
    const shown = `${from ? "… " : ""}${text.slice(from, Math.max(to, at + 1))}${to < text.length ? " …" : ""}`;
    shown.split(found).forEach((part, place) => {
      if (place % 2) {
        const mark = document.createElement("mark");
        mark.textContent = part;
        paragraph.append(mark);
      } else paragraph.append(part);
    });
    return paragraph;
  }

  function entry(result) {
    const section = sections[result.id];
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = section.url;
    link.textContent = section.first ? section.page : `${section.page} › ${section.title}`;
    item.append(link, excerpt(section.first ? `${section.text} ${section.names ?? ""}` : section.text, result.terms));
    return item;
  }

  function show() {
    const question = field.value.trim();
    const results = question ? find(question) : [];
    list.replaceChildren(...results.slice(0, MOST).map(entry));
    const places = `${results.length} ${results.length === 1 ? "place" : "places"}`;
    count.textContent = question ? `${results.length ? places : "Nothing"} found for “${question}”` : "";
  }

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", show);
  show();
})();
