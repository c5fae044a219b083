// What [CLS] reads of a picture of the reader's own, head by head, and how its patches differ; beside it what needs no
// training: the same network with other weights, brightness, many colours, mean colours.
(() => {
  "use strict";

  const MASS = 0.6; // of the attention, as mmnotes/dino/measures.py has it
  const PALE = [255, 255, 255], FULL = [0, 65, 125]; // of a map, from nothing to its largest entry

  const sum = (values) => values.reduce((a, b) => a + b, 0);

  function correlation(one, other) {
    const [a, b] = [one, other].map((values) => {
      const mean = sum(values) / values.length;
      return values.map((value) => value - mean);
    });
    const length = Math.sqrt(sum(a.map((x) => x * x)) * sum(b.map((x) => x * x)));
    return length && sum(a.map((x, place) => x * b[place])) / length;
  }

  // For each patch its mean colour, as planes, its brightness, and how many colours it has: a standard deviation.
  function patchesOf({ width, height, planes }, patch) {
    const columns = width / patch, rows = height / patch, count = rows * columns, n = patch * patch;
    const means = new Float32Array(3 * count), bright = Array(count).fill(0), busy = Array(count).fill(0);
    for (let place = 0; place < 3 * count; place += 1) {
      const channel = Math.floor(place / count), row = Math.floor((place % count) / columns), column = place % columns;
      const values = [];
      for (let y = 0; y < patch; y += 1) {
        for (let x = 0; x < patch; x += 1) values.push(planes[(channel * height + row * patch + y) * width + column * patch + x]);
      }
      means[place] = sum(values) / n;
      bright[place % count] += means[place] / 3;
      busy[place % count] += Math.sqrt(sum(values.map((value) => (value - means[place]) ** 2)) / (n - 1)) / 3;
    }
    return { means, bright, busy };
  }

  // How many times its share of the picture an object gets; `shares` is what it covers of each patch.
  const lift = (map, shares) => sum(map.map((x, place) => x * shares[place])) / sum(map) / (sum(shares) / shares.length);

  // The fewest patches that hold so much of a map.
  function fewest(map) {
    let count = 0, held = 0;
    for (const entry of [...map].sort((a, b) => b - a)) {
      if (held >= MASS * sum(map)) break;
      held += entry;
      count += 1;
    }
    return count;
  }

  function start(place, network, kit) {
    Object.assign(kit, kit.fields(kit));
    const { make, menu, announcer, paint, square, principalComponents, asColours } = kit;
    const { networks, examples, side, patch, dim, heads } = network.data;
    const grid = side / patch, count = grid * grid;
    let seen, found, latest = 0, shares;

    const words = make("p", { className: "mm-live-words" });
    const { live, say } = announcer(kit);

    function panel(title, name) {
      const canvas = make("canvas", { className: "mm-live-map" });
      canvas.setAttribute("role", "img");
      const element = make("div", { className: "mm-live-panel" }, canvas, make("p", { textContent: title }));
      const show = (picture, text) => { paint(canvas, picture); canvas.setAttribute("aria-label", `${name ?? title}: ${text}`); };
      return { element, show };
    }

    // A map as a picture: white where nothing is read, blue where the most.
    function shaded(map) {
      const most = Math.max(...map) || 1, planes = new Float32Array(3 * count);
      map.forEach((entry, place) => PALE.forEach((pale, channel) => {
        planes[channel * count + place] = (pale + (FULL[channel] - pale) * (entry / most)) / 255;
      }));
      return { width: grid, height: grid, planes };
    }

    function where(map) {
      const best = map.indexOf(Math.max(...map));
      return `most in row ${Math.floor(best / grid) + 1} of ${grid}, column ${(best % grid) + 1}`;
    }

    const views = {
      seen: panel("What it sees"),
      mean: panel("Mean of the heads"),
      colours: panel("Three components"),
      heads: Array.from({ length: heads }, (_, head) => panel(`Head ${head + 1}`)),
      means: panel("Mean colours"),
      bright: panel("Brightness"),
      busy: panel("Many colours"),
    };

    function mapsOf(chosen) {
      const start = chosen * heads * count;
      const own = Array.from({ length: heads }, (_, head) => [...found.maps.slice(start + head * count, start + (head + 1) * count)]);
      return { own, mean: own[0].map((_, place) => sum(own.map((map) => map[place])) / heads) };
    }

    function show() {
      const chosen = Number(weights.input.value), { own, mean } = mapsOf(chosen);
      const { means, bright, busy } = patchesOf(seen, patch);
      const { scores, shares: told } = principalComponents(found.tokens.slice(chosen * count * dim, (chosen + 1) * count * dim), dim, 3);
      const colours = asColours(scores);
      views.seen.show(seen, `your square in ${side} by ${side} pixels`);
      views.mean.show(shaded(mean), where(mean));
      own.forEach((map, head) => views.heads[head].show(shaded(map), where(map)));
      const variance = `${Math.round(100 * sum(told))} % of what patches differ in`;
      views.colours.show({ width: grid, height: grid, planes: colours }, variance);
      views.means.show({ width: grid, height: grid, planes: means }, `the picture in ${grid} by ${grid} pixels`);
      views.bright.show(shaded(bright), where(bright));
      views.busy.show(shaded(busy), where(busy));
      const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
      const lifts = networks.map((name, other) => `${lift(mapsOf(other).mean, shares ?? []).toFixed(1)} with ${name}`);
      const object = shares
        ? ` The object gets of the mean, as a multiple of its share: ${lifts.join(", ")}, ${lift(busy, shares).toFixed(1)} by many colours.`
        : "";
      words.textContent = `Weights: ${networks[chosen]}. ${Math.round(100 * MASS)} % of what [CLS] reads of patches lies on `
        + `${fewest(mean)} of ${count}. Correlation of the mean with brightness ${signed(correlation(mean, bright))}, `
        + `with many colours ${signed(correlation(mean, busy))}.${object} Three components hold ${variance}.`;
      place.dataset.state = "ready";
      place.dispatchEvent(new CustomEvent("result", { detail: { seen: seen.planes, ...found, scores, colours, told }, bubbles: true }));
      say(words.textContent);
    }

    // Only the newest square is shown; what is moved while one is computed waits for it.
    async function look(given) {
      const own = (latest += 1);
      place.dataset.state = "forming";
      try {
        const results = await network.run({ picture: given.planes });
        if (own !== latest) return;
        [seen, found] = [given, results];
        show();
      } catch (error) {
        words.textContent = `The network stopped: ${error.message}.`;
        say(words.textContent);
      }
    }

    function load() {
      const chosen = Number(example.input.value) - 1;
      if (chosen < 0) return;
      const size = 3 * side * side, bytes = network.arrays.pictures.slice(chosen * size, (chosen + 1) * size);
      own.set({ width: side, height: side, planes: Float32Array.from(bytes, (byte) => byte / 255) });
    }

    const example = menu("Picture", [{ label: "your own" }, ...examples], load);
    const weights = menu("Weights", networks.map((label) => ({ label })), () => { if (found) show(); });
    const own = square({
      side, label: "Your picture", place,
      changed(given, whole) {
        const chosen = Number(example.input.value) - 1;
        // Where the object is, is known of some examples as they were made.
        shares = whole && examples[chosen]?.known ? [...network.arrays.shares.slice(chosen * count, (chosen + 1) * count)] : undefined;
        look(given);
      },
      taken() { example.input.value = 0; },
      refused(reason) {
        words.textContent = `${reason} The picture before it remains.`;
        say(words.textContent);
      },
    }, kit);

    const hint = make("p", { className: "mm-live-hint", textContent: "Or drop a picture here, or paste one. Drag the frame to move the square." });
    place.tabIndex = -1; // what is pasted arrives where the focus is
    const group = (text, className, ...shown) => make("div", {},
      make("p", { className: "mm-live-title", textContent: text }),
      make("div", { className }, ...shown.map(({ element }) => element)));
    place.append(
      make("div", { className: "mm-lab-controls" }, example.field, weights.field),
      make("div", { className: "mm-live-pair" },
        make("div", {}, own.element, hint),
        make("div", {},
          group("The network", "mm-live-panels", views.seen, views.mean, views.colours),
          group("What [CLS] reads", "mm-live-panels mm-live-four", ...views.heads),
          group("Made by no network", "mm-live-panels", views.means, views.bright, views.busy))),
      words, live,
    );
    example.input.value = 1;
    load();
    example.input.focus();
  }

  document.currentScript.gives = { start, correlation, patchesOf, lift, fewest };
})();
