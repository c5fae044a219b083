// Labs of the built book: native controls choose what is shown. How it is shown is the matter of a lab's screen: that of
// most labs, below, has pictures made by `make book`; that of theme/assets/formula/lab.js computes.
// The HTML comes from mmnotes/page/lab_page.py; everything needed is in its data attributes.
(() => {
  "use strict";

  const QUIET = 500; // milliseconds without a change before the description is announced
  const PACE = 900; // milliseconds a step is shown while playing
  const COURSE = 20000; // milliseconds that a course of many steps takes
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const phone = matchMedia("(max-width: 30rem)"); // as in mmnotes/page/lab_page.py

  const position = (field) =>
    field.type === "checkbox" ? Number(field.checked) : field.selectedIndex ?? Number(field.value);

  // What the reader sees at each place of a control; a lab's state is written with it, and outlives new pictures.
  function values(field) {
    if (field.type === "checkbox") return ["off", "on"];
    return field.options ? [...field.options].map((option) => option.text) : JSON.parse(field.dataset.texts);
  }

  // The other places of a control, the nearest first.
  function others(field) {
    const at = position(field);
    const places = [...values(field).keys()].filter((other) => other !== at);
    return places.sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
  }

  function put(field, place) {
    if (field.type === "checkbox") field.checked = Boolean(place);
    else if (field.options) field.selectedIndex = place;
    else field.value = place;
  }

  function showValue(field) {
    if (field.type !== "range") return;
    const value = values(field)[position(field)];
    field.setAttribute("aria-valuetext", value);
    field.parentElement.querySelector(".mm-lab-value").textContent = value;
  }

  // The pictures of one lab, each fetched when first asked for and kept, so that it is shown at once thereafter.
  function gallery(file) {
    const pictures = new Map();
    return (frame) => {
      const source = file(frame);
      if (!pictures.has(source)) {
        const image = new Image();
        image.src = source;
        const loaded = image.decode().then(() => image);
        loaded.catch(() => pictures.delete(source)); // so that the next try fetches again
        pictures.set(source, loaded);
      }
      return pictures.get(source);
    };
  }

  // Pictures made beforehand: the controls' positions are the number of the one to show.
  function frames(lab, fields, on) {
    const [picture, text] = ["picture", "text"].map((name) => lab.querySelector(`.mm-lab-${name}`));
    const texts = JSON.parse(lab.dataset.texts);
    const first = Number(lab.dataset.shown);
    const narrow = lab.querySelector("source"); // some labs have pictures of their own for a phone
    const wide = (frame) => `${lab.dataset.address}/${frame}.webp`;
    const slim = (frame) => `${lab.dataset.address}/${frame}-narrow.webp`;
    const load = gallery((frame) => (narrow && phone.matches ? slim : wide)(frame));
    let wanted = first;

    function prefetch() {
      load(first); // printing shows it again, and cannot wait
      for (const field of fields) {
        const at = position(field);
        for (const other of others(field)) load(wanted + (other - at) * Number(field.dataset.stride));
      }
    }

    function show(frame) {
      if (narrow) narrow.srcset = slim(frame);
      picture.src = wide(frame);
      picture.alt = text.textContent = texts[frame];
      lab.dataset.shown = frame;
      lab.classList.remove("mm-lab-loading", "mm-lab-failed");
    }

    function fail(frame) {
      // The old picture under the new values would be a wrong one: it is hidden, and the words remain.
      text.textContent = `The picture could not be loaded. It would show: ${texts[frame]}`;
      picture.alt = text.textContent;
      lab.classList.remove("mm-lab-loading");
      lab.classList.add("mm-lab-failed");
    }

    function change() {
      const frame = fields.reduce((sum, field) => sum + position(field) * Number(field.dataset.stride), 0);
      wanted = frame;
      // Only the picture asked for last may appear, in whatever order they arrive.
      const finish = (act) => () => {
        if (frame !== wanted) return;
        act(frame);
        on.shown();
        prefetch();
      };
      lab.classList.add("mm-lab-loading");
      load(frame).then(finish(show), finish(fail)); // before the next screen refresh if it is there already
    }

    return {
      change, prefetch, state: () => [], recall() {}, print: () => show(first), printed: () => show(wanted),
    };
  }

  // Brings a lab to life on a screen. The screen is told when a control has changed (`change`), will soon (`prefetch`),
  // and when a page is printed (`print`, `printed`); what it has besides the controls is part of the address (`state`,
  // `recall`). It tells when it shows what was asked for (`on.shown`), when a reader moves something in the drawing
  // (`on.moved`), and when such a move has ended (`on.settled`).
  function startLab(lab, makeScreen) {
    const part = (name) => lab.querySelector(`.mm-lab-${name}`);
    const [link, controls, text, live] = ["link", "controls", "text", "live"].map(part);
    const fields = [...controls.querySelectorAll("input, select")];
    let announcement;
    let playing;

    // Say what is shown once the reader pauses; every step of a drag would flood a screen reader.
    function announce() {
      clearTimeout(announcement);
      if (!playing) announcement = setTimeout(() => { live.textContent = text.textContent; }, QUIET);
    }

    function change() {
      fields.forEach(showValue);
      screen.change();
    }

    // The address opens the lab as it stands: #lab-name?control=value&...
    const key = (field) => field.id.slice(lab.id.length + 1);

    function remember() {
      const set = fields.map((field) => [key(field), values(field)[position(field)]]);
      const address = `#${lab.id}?${new URLSearchParams([...set, ...screen.state()])}`;
      link.href = address;
      history.replaceState(null, "", address);
    }

    function recall() {
      const [name, state] = location.hash.slice(1).split(/\?(.*)/s);
      if (name !== lab.id) return;
      const wished = new URLSearchParams(state ?? "");
      for (const field of fields) {
        const place = values(field).indexOf(wished.get(key(field)));
        if (place >= 0) put(field, place);
      }
      screen.recall(wished);
      change();
      if (state) lab.scrollIntoView(); // the browser finds only plain names
    }

    function stop() {
      if (!playing) return;
      clearInterval(playing.timer);
      playing.button.textContent = "Play";
      playing = undefined;
      announce();
    }

    function step(field) {
      const next = position(field) + 1;
      field.value = next > Number(field.max) ? 0 : next;
      change();
    }

    function startPlayer(button) {
      const field = document.getElementById(button.dataset.steps);
      const name = () => { button.textContent = calm.matches ? "Next" : "Play"; };
      calm.addEventListener("change", () => { stop(); name(); });
      name();
      button.addEventListener("click", () => {
        if (playing) return stop();
        // Who asked for less motion gets one step a press.
        if (calm.matches) return step(field);
        const advance = () => {
          if (lab.classList.contains("mm-lab-loading")) return; // a slow picture is waited for
          step(field);
          if (position(field) === Number(field.max)) stop();
        };
        playing = { button, timer: setInterval(advance, Math.min(PACE, COURSE / Number(field.max))) };
        button.textContent = "Pause";
        advance();
      });
    }

    const screen = makeScreen(lab, fields, {
      shown: announce, moved: () => { stop(); change(); }, settled: remember,
    });
    controls.hidden = false;
    controls.addEventListener("focusin", screen.prefetch, { once: true });
    controls.addEventListener("pointerover", screen.prefetch, { once: true });
    controls.addEventListener("input", () => { stop(); change(); });
    controls.addEventListener("change", remember); // once a drag has ended: browsers limit how often the address changes
    controls.querySelectorAll(".mm-lab-play").forEach(startPlayer);
    addEventListener("hashchange", recall);
    recall();
    addEventListener("beforeprint", screen.print);
    addEventListener("afterprint", screen.printed);
  }

  document.querySelectorAll(".mm-lab:not([data-given])").forEach((lab) => startLab(lab, frames));
  globalThis.mmnotes = { startLab, position, put, phone };
})();
