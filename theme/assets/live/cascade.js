// The way from a square picture to its faces, as mmnotes/face_verification/detector.py goes it: three networks, and
// between them boxes that move and are suppressed.
(() => {
  "use strict";

  // `refine` and `find` look at so many crops at once; what is missing is black, and its answers are left out.
  async function answers(part, crops, size, batch) {
    const found = [];
    for (let start = 0; start < crops.length; start += batch) {
      const own = crops.slice(start, start + batch), given = new Float32Array(batch * 3 * size * size);
      own.forEach((crop, place) => given.set(crop, place * 3 * size * size));
      const results = await part.run({ crops: given });
      own.forEach((_, place) => found.push(Object.fromEntries(Object.entries(results).map(([name, values]) => {
        const width = values.length / batch;
        return [name, [...values.slice(place * width, (place + 1) * width)]];
      }))));
    }
    return found;
  }

  function cascade(network, kit) {
    const { intersectionOverUnion, intersectionOverSmaller, nonMaximumSuppression, windowBox, shifted, squared, cutOut } = kit;
    const { levels, least, batches } = network.data;
    const chosen = (list, places) => places.map((place) => list[place]);

    function proposed({ scores, shifts }) {
      const found = [];
      let count = 0, first = 0;
      for (const { scale, rows } of levels) {
        const boxes = [], places = [];
        for (let place = 0; place < rows * rows; place += 1) {
          if (scores[first + place] < Math.fround(least[0])) continue;
          boxes.push(windowBox(Math.floor(place / rows), place % rows, scale));
          places.push(first + place);
        }
        count += boxes.length;
        for (const kept of nonMaximumSuppression(boxes, places.map((place) => scores[place]), intersectionOverUnion, 0.5)) {
          found.push({ box: boxes[kept], place: places[kept] });
        }
        first += rows * rows;
      }
      const kept = nonMaximumSuppression(found.map(({ box }) => box), found.map(({ place }) => scores[place]), intersectionOverUnion, 0.7);
      const boxes = chosen(found, kept).map(({ box, place }) => {
        const inner = [box[0], box[1], box[2] - 1, box[3] - 1]; // the first step leaves the last pixel out of the width
        const moved = shifted(inner, shifts.slice(4 * place, 4 * place + 4));
        return squared(box.map((side, axis) => Math.fround(Math.fround(side + moved[axis]) - inner[axis])));
      });
      return { windows: count, boxes };
    }

    // Boxes with something of the picture in them, and what a network says of each, where its score is high enough.
    async function looked(part, picture, boxes, size, batch, most) {
      const cut = boxes.map((box) => ({ box, crop: cutOut(picture, box, size) })).filter(({ crop }) => crop);
      const found = await answers(part, cut.map(({ crop }) => crop), size, batch);
      return found.map((own, place) => ({ box: cut[place].box, ...own })).filter(({ scores }) => scores[0] > Math.fround(most));
    }

    // `stop` is asked between the steps, and whoever asked for the faces no longer wants them where it says so.
    return async function steps(picture, stop) {
      const { windows, boxes } = proposed(await network.run({ picture: picture.planes }));
      if (stop()) return undefined;
      const seen = await looked(network.beside.refine, picture, boxes, 24, batches.refine, least[1]);
      const first = nonMaximumSuppression(seen.map(({ box }) => box), seen.map(({ scores }) => scores[0]), intersectionOverUnion, 0.7);
      const refined = chosen(seen, first).map(({ box, shifts }) => squared(shifted(box, shifts)));
      if (stop()) return undefined;
      const last = (await looked(network.beside.find, picture, refined, 48, batches.find, least[2])).map((each) => {
        const [left, top, right, bottom] = each.box;
        const landmarks = Array.from({ length: 5 }, (_, place) => [
          left + each.landmarks[2 * place] * (right - left), top + each.landmarks[2 * place + 1] * (bottom - top),
        ]);
        return { box: shifted(each.box, each.shifts), score: each.scores[0], landmarks };
      });
      const kept = nonMaximumSuppression(last.map(({ box }) => box), last.map(({ score }) => score), intersectionOverSmaller, 0.7);
      return { windows, proposed: boxes, refined, faces: chosen(last, kept) };
    };
  }

  document.currentScript.gives = { cascade };
})();
