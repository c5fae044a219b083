// Small helps that HTML alone does not give. A page is complete without them.
(() => {
  // A box that scrolls sideways can be reached with the keyboard, as long as it does scroll.
  const boxes = document.querySelectorAll(".math-scroll");
  const watch = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      const scrolls = target.scrollWidth > target.clientWidth;
      target.toggleAttribute("tabindex", scrolls);
      if (scrolls) {
        target.setAttribute("tabindex", "0");
        target.setAttribute("role", "group");
        target.setAttribute("aria-label", "Formula, scrolls sideways");
      } else {
        target.removeAttribute("role");
        target.removeAttribute("aria-label");
      }
    }
  });
  boxes.forEach((box) => watch.observe(box));

  // An address that leads to a folded box opens it.
  const unfold = () => {
    const box = document.getElementById(location.hash.slice(1));
    if (box?.matches("details")) box.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  // On paper: light, with everything open that is not code, and the solutions behind their chapter, where they do not
  // answer before they are asked. Afterwards the page is as it was.
  const root = document.documentElement;
  let undo = [];
  addEventListener("beforeprint", () => {
    const mode = root.dataset.theme;
    root.dataset.theme = "light";
    undo.push(() => (root.dataset.theme = mode));
    for (const box of document.querySelectorAll("details:not([open]):not(.cell > details)")) {
      box.open = true;
      undo.push(() => (box.open = false));
    }
    for (const article of document.querySelectorAll("article.bd-article")) {
      const solutions = article.querySelectorAll("details.solution");
      if (!solutions.length) continue;
      const appendix = document.createElement("section");
      appendix.append(Object.assign(document.createElement("h2"), { textContent: "Solutions" }));
      for (const solution of solutions) {
        const place = document.createComment("solution");
        solution.replaceWith(place);
        appendix.append(solution);
        undo.push(() => place.replaceWith(solution));
      }
      article.append(appendix);
      undo.push(() => appendix.remove());
    }
  });
  addEventListener("afterprint", () => {
    undo.forEach((act) => act());
    undo = [];
  });

  // The search page begins in its field.
  document.querySelector(".bd-search-container input[type=search]")?.focus();
})();
