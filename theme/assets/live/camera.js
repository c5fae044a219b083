// One picture from a camera. It is on from the press of a button until the picture is taken, it is turned off, the form
// is left or the page is no longer seen; nothing of it is kept or sent.
(() => {
  "use strict";

  const REASONS = {
    NotAllowedError: "The browser did not allow it.",
    NotFoundError: "No camera was found.",
    NotReadableError: "Another program may be using the camera.",
  };

  // `taken` is called with the picture, `refused` with a reason why there is none.
  function camera({ label, place, taken, refused }, { make, button, drawn }) {
    const video = make("video", { autoplay: true, muted: true, playsInline: true, hidden: true, className: "mm-camera" });
    video.setAttribute("aria-label", `${label}, as the camera sees it`);
    let stream, wanted = false;

    function show(on) {
      video.hidden = take.hidden = off.hidden = !on;
      open.hidden = on;
    }

    function stop() {
      wanted = false;
      stream?.getTracks().forEach((track) => track.stop());
      stream = video.srcObject = null;
      show(false);
    }

    async function start() {
      if (!navigator.mediaDevices?.getUserMedia) {
        refused("This browser gives no camera to this page. Some give none to a page that was opened as a file.");
        return;
      }
      wanted = true;
      try {
        const given = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" }, audio: false });
        if (!wanted) { // left while the reader was being asked
          given.getTracks().forEach((track) => track.stop());
          return;
        }
        stream = video.srcObject = given;
        show(true);
        take.focus();
      } catch (error) {
        stop();
        refused(REASONS[error.name] ?? `The camera could not be started: ${error.message}.`);
      }
    }

    const open = button("Use the camera", start);
    const take = button("Take the picture", async () => {
      if (!video.videoWidth) return; // it has not sent a picture yet
      const bitmap = await createImageBitmap(video);
      stop();
      open.focus();
      taken(drawn(bitmap, bitmap.width, bitmap.height));
      bitmap.close();
    });
    const off = button("Turn it off", () => { stop(); open.focus(); });
    show(false);
    place.addEventListener("left", stop);
    document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
    addEventListener("pagehide", stop);
    return { video, buttons: [open, take, off], stop };
  }

  document.currentScript.gives = { camera };
})();
