// Two pictures of the reader's own, the face of each as the cascade finds it and as the embedder sees it, and how far
// apart their vectors are.
(() => {
  "use strict";

  const MARK = "#0072b2", RIM = "#fff"; // a rim, so that marks are seen on any picture
  const POINTS = ["right eye", "left eye", "nose", "right corner of the mouth", "left corner of the mouth"];

  function start(place, network, kit) {
    Object.assign(kit, kit.fields(kit));
    const { make, menu, slider, announcer, paint, square, camera, similarity, flat, chipAt } = kit;
    const { examples, side, template, chip: chipSide, threshold, smallest } = network.data;
    const steps = kit.cascade(network, kit);
    const sides = ["First picture", "Second picture"].map(one);
    const words = make("p", { className: "mm-live-words" });
    const { live, say } = announcer(kit);
    const limit = slider("Threshold", threshold, "", decide);

    // A picture with a frame around each face and its five landmarks.
    function mark(canvas, picture, faces) {
      paint(canvas, picture);
      const surface = canvas.getContext("2d");
      for (const [colour, width] of [[RIM, 7], [MARK, 3]]) {
        surface.strokeStyle = surface.fillStyle = colour;
        surface.lineWidth = width;
        for (const { box: [left, top, right, bottom], landmarks } of faces) {
          surface.strokeRect(left, top, right - left, bottom - top);
          for (const [column, row] of landmarks) surface.fillRect(column - width, row - width, 2 * width, 2 * width);
        }
      }
    }

    function one(label) {
      const section = make("section", { className: "mm-face", tabIndex: -1 }); // what is pasted arrives where the focus is
      section.setAttribute("aria-label", label);
      const seen = make("canvas", { className: "mm-face-seen" }), chip = make("canvas", { className: "mm-face-chip" });
      for (const canvas of [seen, chip]) canvas.setAttribute("role", "img");
      const said = make("p", { className: "mm-face-said" });
      const own = { label, section };
      let latest = 0;

      // A newer square takes the place of one that is being looked at, after the step that is being computed.
      async function look(picture) {
        const turn = (latest += 1), stop = () => turn !== latest;
        Object.assign(own, { found: undefined, face: undefined, vector: undefined });
        place.dataset.state = "forming";
        try {
          const found = await steps(picture, stop);
          if (stop()) return;
          const refusal = reason(found.faces);
          const face = refusal ? undefined : chipAt(picture, similarity(template, found.faces[0].landmarks), chipSide);
          const { vectors } = face ? await network.beside.embed.run({ chips: face.planes }) : {};
          if (stop()) return;
          Object.assign(own, { picture, found, reason: refusal, face, vector: vectors });
          show();
        } catch (error) {
          words.textContent = `The network stopped: ${error.message}.`;
          say(words.textContent);
        }
      }

      function reason(faces) {
        if (!faces.length) return `No face of ${smallest} pixels or more, upright or nearly, was found.`;
        if (faces.length > 1) return `${faces.length} faces were found. Zoom and move the square until one is left.`;
        return flat(faces[0].landmarks) ? "The landmarks lie on one line, as those of no face do." : "";
      }

      function show() {
        const { found: { windows, proposed, refined, faces }, picture } = own;
        mark(seen, picture, faces);
        seen.setAttribute("aria-label", `${label} with ${faces.length ? "what was found" : "nothing found"} in it`);
        paint(chip, own.reason ? { width: chipSide, height: chipSide, planes: new Float32Array(3 * chipSide ** 2).fill(0.5) } : own.face);
        const counts = `Windows that look like a face ${windows}, after P-Net ${proposed.length}, after R-Net ${refined.length}, faces ${faces.length}.`;
        const about = own.reason || faces.map(({ box, score, landmarks }) => {
          const [width, height] = [box[2] - box[0], box[3] - box[1]].map(Math.round);
          return `${width} by ${height} pixels, score ${score.toFixed(2)}; ${POINTS.map((name, at) => `${name} ${landmarks[at].map(Math.round).join(", ")}`).join("; ")}.`;
        }).join(" ");
        chip.setAttribute("aria-label", own.reason ? "No chip" : "The chip: eyes, nose and mouth where the network expects them");
        said.textContent = `${counts} ${about}`;
        decide();
      }

      const example = menu(label, [{ label: "your own" }, ...examples], load);
      const source = square({
        side, label, place: section, changed: look,
        taken() { example.input.value = 0; },
        refused,
      }, kit);
      const lens = camera({
        label, place, refused,
        taken(picture) { example.input.value = 0; source.set(picture); },
      }, kit);

      function refused(text) {
        said.textContent = `${text} The picture before it remains.`;
        say(said.textContent);
      }

      function load() {
        const chosen = Number(example.input.value) - 1, size = 3 * side * side;
        if (chosen < 0) return;
        lens.stop();
        const bytes = network.arrays.pictures.slice(chosen * size, (chosen + 1) * size);
        source.set({ width: side, height: side, planes: Float32Array.from(bytes, (byte) => byte / 255) });
      }

      source.row.append(...lens.buttons);
      const panel = (canvas, title) => make("div", { className: "mm-live-panel" }, canvas, make("p", { textContent: title }));
      section.append(
        make("div", { className: "mm-lab-controls" }, example.field), lens.video, source.element,
        make("div", { className: "mm-live-panels mm-face-panels" }, panel(seen, "What was found"), panel(chip, "What the network sees")), said,
      );
      return Object.assign(own, { example, load });
    }

    // The verdict, once both pictures are through.
    function decide() {
      if (sides.some(({ found }) => !found)) return;
      const missing = sides.filter(({ reason }) => reason);
      let distance;
      if (missing.length) {
        words.textContent = `Nothing to compare: ${missing.map(({ label, reason }) => `${label.toLowerCase()}: ${reason}`).join(" ")}`;
      } else {
        const [one, other] = sides.map(({ vector }) => vector);
        distance = Math.sqrt(one.reduce((sum, value, at) => sum + (value - other[at]) ** 2, 0));
        const most = Number(limit.input.value);
        words.textContent = distance <= most
          ? `Distance ${distance.toFixed(3)}, at most ${most}: one person, says the threshold.`
          : `Distance ${distance.toFixed(3)}, more than ${most}: two people, says the threshold.`;
      }
      place.dataset.state = "ready";
      const detail = { distance, sides: sides.map(({ found, vector, face }) => ({ found, vector: vector && [...vector], chip: face && [...face.planes] })) };
      place.dispatchEvent(new CustomEvent("result", { detail, bubbles: true }));
      say(words.textContent);
    }

    const hint = make("p", { className: "mm-live-hint", textContent: "Or drop a picture onto its place, or click there and paste one. Drag a frame to move its square." });
    place.append(make("div", { className: "mm-live-pair" }, ...sides.map(({ section }) => section)), hint,
      make("div", { className: "mm-lab-controls" }, limit.field), words, live);
    sides.forEach(({ example, load }, at) => { example.input.value = at + 1; load(); });
    sides[0].example.input.focus();
  }

  document.currentScript.gives = { start };
})();
