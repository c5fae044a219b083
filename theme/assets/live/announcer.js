// Says what changed to those who do not see it, once the changes have come to rest.
(() => {
  "use strict";

  const QUIET = 500; // milliseconds without a change

  function announcer({ make }) {
    const live = make("p", { className: "mm-lab-live" });
    let quiet;
    live.setAttribute("aria-live", "polite");
    function say(text) {
      clearTimeout(quiet);
      quiet = setTimeout(() => { live.textContent = text; }, QUIET);
    }
    return { live, say };
  }

  document.currentScript.gives = { announcer };
})();
