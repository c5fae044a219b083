// The exact field of a mixture of small Gaussians and how points follow it: what the chapter's labs share. The numbers
// are those of mmnotes/flow/path.py and samplers.py.
mmnotes.field = (() => {
  "use strict";

  const NEGLIGIBLE = 40; // powers of e below the likeliest centre: no digit of a sum shows them
  const far = []; // of each centre, kept from call to call: a drawing asks for tens of thousands of velocities

  // The velocity at a place and a time: over the centres, each as likely as the place is under it.
  function velocity([x, y], t, centres, spread) {
    const left = 1 - t;
    const variance = (left * spread) ** 2 + t * t;
    const slope = (t - left * spread * spread) / variance;
    let least = Infinity;
    for (let i = 0; i < centres.length; i += 1) {
      far[i] = (x - left * centres[i][0]) ** 2 + (y - left * centres[i][1]) ** 2;
      if (far[i] < least) least = far[i];
    }
    let [all, across, up] = [0, 0, 0];
    for (let i = 0; i < centres.length; i += 1) {
      const power = (least - far[i]) / (2 * variance);
      if (power < -NEGLIGIBLE) continue;
      const likely = Math.exp(power);
      all += likely;
      across += likely * (slope * (x - left * centres[i][0]) - centres[i][0]);
      up += likely * (slope * (y - left * centres[i][1]) - centres[i][1]);
    }
    return [across / all, up / all];
  }

  function euler(place, now, then, field) {
    const [x, y] = field(place, now);
    return [place[0] + (then - now) * x, place[1] + (then - now) * y];
  }

  function heun(place, now, then, field) {
    const first = field(place, now);
    const second = field([place[0] + (then - now) * first[0], place[1] + (then - now) * first[1]], then);
    return place.map((at, side) => at + ((then - now) * (first[side] + second[side])) / 2);
  }

  // Where a point is at each of the times.
  function track(start, times, step, field) {
    const places = [start];
    for (let i = 1; i < times.length; i += 1) places.push(step(places[i - 1], times[i - 1], times[i], field));
    return places;
  }

  // Times from 1 down to 0, even before the shift.
  const grid = (steps, shift) => Array.from({ length: steps + 1 }, (_, i) => {
    const even = 1 - i / steps;
    return (shift * even) / (1 + (shift - 1) * even);
  });

  // What a function last gave: while a start is dragged, all that does not depend on it is the same.
  function kept(make) {
    let [key, value] = ["", undefined];
    return (...given) => {
      const asked = JSON.stringify(given);
      if (asked !== key) [key, value] = [asked, make(...given)];
      return value;
    };
  }

  // A square panel with the points' tracks, and a start to drag for each of a reader's own.
  function plane(sheet, reach) {
    const side = Math.min(sheet.width, sheet.height);
    return sheet.panel({
      left: (sheet.width - side) / 2, top: 0, width: side, height: side, x: [-reach, reach], y: [-reach, reach],
    });
  }

  // Tracks as lines; of many places every third will do.
  const lines = (panel, tracks, style) => tracks.forEach((places) => {
    const last = places.length - 1;
    const some = last < 20 ? places : places.filter((_, i) => i % 3 === 0 || i === last);
    panel.line(some.map(([x]) => x), some.map(([, y]) => y), style);
  });

  function starts(panel, own, reach) {
    own.forEach((at, i) => panel.point({
      name: `start-${i}`, label: own.length > 1 ? `Start ${i + 1}` : "Start",
      text: at.map((each) => each.toFixed(2)).join(", "), at, least: -reach, most: reach, step: 0.05,
      set: (...to) => ({ own: own.map((each, other) => (other === i ? to : each)) }),
    }));
  }

  return { velocity, euler, heun, track, grid, kept, plane, lines, starts };
})();
