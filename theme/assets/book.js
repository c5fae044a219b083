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

  // Print what is folded, and fold it again.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((box) => (box.open = true));
  });
  addEventListener("afterprint", () => opened.forEach((box) => (box.open = false)));

  // The search page begins in its field.
  document.querySelector(".bd-search-container input[type=search]")?.focus();
})();
