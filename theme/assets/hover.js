// A card beside a link to a work, a term or an equation shows what it leads to. The links work without it.
(() => {
  "use strict";

  const DELAY = 150; // milliseconds before a card opens, so that passing over a line of links opens none
  const card = document.createElement("div");
  card.className = "hover-card";
  card.id = "hover-card";
  card.role = "tooltip";
  card.hidden = true;
  document.body.append(card);
  let timer;

  const entries = new Map([...document.querySelectorAll("template[data-of]")].map((each) => [each.dataset.of, each]));

  function content(link) {
    const address = link.getAttribute("href");
    const entry = entries.get(address);
    if (entry) return entry.content.cloneNode(true);
    if (!address.startsWith("#equation-")) return null;
    const formula = document.getElementById(address.slice(1))?.querySelector(".katex-display");
    return formula?.cloneNode(true) ?? null;
  }

  // The symbols of a drawing's part in the formula that it leads to; an index may be another one there.
  function point(symbols) {
    const letters = [...card.querySelectorAll(".katex-html .mord")];
    const written = (part) => part.textContent.replace(/[\u200b\s]/g, "");
    for (const symbol of symbols) {
      const same = letters.filter((part) => written(part) === symbol);
      const alike = letters.filter((part) => part.matches(".mathnormal") && part.textContent === symbol[0]);
      for (const part of same.length ? same : alike) part.classList.add("pointed-at");
    }
  }

  function open(link) {
    card.replaceChildren(content(link));
    point(link.dataset.symbols?.split(" ") ?? []);
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    const at = link.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card;
    const most = document.documentElement.clientWidth - width - 8;
    const below = at.bottom + height + 8 < innerHeight || at.top < height + 8;
    card.style.left = `${scrollX + Math.max(8, Math.min(at.left, most))}px`;
    card.style.top = `${scrollY + (below ? at.bottom + 4 : at.top - height - 4)}px`;
  }

  function close() {
    clearTimeout(timer);
    card.hidden = true;
    document.querySelector("[aria-describedby=hover-card]")?.removeAttribute("aria-describedby");
  }

  for (const link of document.querySelectorAll(".bd-article a[href*='#']")) {
    if (!content(link)) continue;
    link.removeAttribute("title"); // the card says it
    const later = () => {
      close();
      timer = setTimeout(() => open(link), DELAY);
    };
    link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && later());
    link.addEventListener("focus", () => link.matches(":focus-visible") && open(link));
    link.addEventListener("pointerleave", (event) => !card.contains(event.relatedTarget) && close());
    link.addEventListener("blur", close);
  }
  card.addEventListener("pointerleave", close);
  addEventListener("keydown", (event) => event.key === "Escape" && close());
})();
