// Offers to run a lab's network on the reader's own input. Until the button is pressed only this file is loaded.
(() => {
  "use strict";

  const HERE = new URL(".", document.currentScript.src);

  // Loads a script; what it has for its caller it leaves on its own element, as `gives`.
  function script(address) {
    return new Promise((done, fail) => {
      const element = document.createElement("script");
      element.src = address;
      element.onload = () => { element.remove(); done(element.gives); };
      element.onerror = () => { element.remove(); fail(new Error(`${address} could not be loaded`)); };
      document.head.append(element);
    });
  }

  function startOffer(place) {
    const said = place.querySelector(".mm-live-said");
    const size = JSON.parse(place.dataset.files).reduce((sum, { bytes }) => sum + bytes, 0);
    place.querySelector(".mm-live-size").textContent = `${Math.ceil(size / 1e6)} MB`;
    place.hidden = false;
    place.querySelector(".mm-live-run").addEventListener("click", () => {
      script(`${HERE}player.js`).then(
        ({ start }) => start(place, script),
        (error) => { said.textContent = `${error.message}.`; },
      );
    });
  }

  document.querySelectorAll(".mm-live").forEach(startOffer);
})();
