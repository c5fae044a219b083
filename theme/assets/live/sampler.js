// The generator at work: a sample that forms step by step, from a seed, with whatever else its network is given.
(() => {
  "use strict";

  const SIDE = 32;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  function colours(picture) {
    const size = SIDE * SIDE;
    const mean = (channel) => Math.round((100 / size) * picture.slice(channel * size, (channel + 1) * size).reduce((a, b) => a + b));
    return `mean colour red ${mean(0)}, green ${mean(1)}, blue ${mean(2)} %`;
  }

  // `given` gives the inputs of a step besides x, now and then; `described` words for a finished picture.
  function sampler(place, network, { given, described }, kit) {
    const { make, button, normals, fields, announcer, put } = kit;
    const { field, slider: sliderOf, menu } = fields(kit);
    const { times, settings } = network.data;
    const steps = times.length - 1;
    let latest = 0; // the sampling whose pictures may be shown

    const sample = make("canvas", { width: SIDE, height: SIDE, className: "mm-live-sample" });
    sample.setAttribute("role", "img");
    const strip = make("canvas", { width: SIDE * steps, height: SIDE, className: "mm-live-strip" });
    strip.setAttribute("role", "img");
    strip.setAttribute("aria-label", `The sampler's ${steps} steps, from noise to the sample.`);
    const words = make("p", { className: "mm-live-words" });
    const { live, say } = announcer(kit);
    const picture = (planes) => ({ width: SIDE, height: SIDE, planes });

    // One sampling; a newer one takes its place after the step that is being computed.
    async function form() {
      const own = (latest += 1);
      const others = given();
      place.dataset.state = "forming";
      let x = normals(Number(seed.value), 3 * SIDE * SIDE), pixels;
      try {
        for (let step = 0; step < steps; step += 1) {
          const result = await network.run({
            x, now: Float32Array.of(times[step]), then: Float32Array.of(times[step + 1]), ...others,
          });
          if (own !== latest) return;
          x = result.after;
          pixels = result.picture;
          if (!calm.matches || step === steps - 1) put(sample, picture(result.expected));
          if (step === 0) strip.getContext("2d").clearRect(0, 0, strip.width, strip.height);
          put(strip, picture(pixels), step * SIDE);
          words.textContent = `Step ${step + 1} of ${steps}.`;
        }
      } catch (error) {
        words.textContent = `The network stopped: ${error.message}.`;
        say(words.textContent);
        return;
      }
      words.textContent = `${described(pixels)}; ${colours(pixels)}.`;
      sample.setAttribute("aria-label", words.textContent);
      place.dataset.state = "ready";
      place.dispatchEvent(new CustomEvent("result", { detail: pixels, bubbles: true }));
      say(words.textContent);
    }

    // Each other setting makes another sample.
    function slider(label, range) {
      const { input, field: element } = sliderOf(label, range, "", () => {});
      input.addEventListener("change", form);
      return [input, element];
    }

    function menuOf(label, entries) {
      const { input, field: element } = menu(label, entries);
      return [input, element];
    }

    const seed = make("input", { type: "number", min: 0, max: 4294967295, step: 1, value: settings.seed });
    const another = button("Other noise", () => { seed.value = Number(seed.value) + 1; form(); });
    const seedField = field("Seed", seed, another);
    seed.addEventListener("change", () => {
      if (!seed.checkValidity() || !seed.value) seed.value = settings.seed;
      form();
    });
    return { form, say, field, slider, menuOf, seedField, live, strip, shown: make("div", {}, sample, words) };
  }

  document.currentScript.gives = { sampler };
})();
