// Boxes as mmnotes/face_verification/boxes.py and windows.py have them: left, top, right, bottom, lists of four. Numbers
// are rounded to single precision where the package's are, since a box is cut out at whole pixels.
(() => {
  "use strict";

  const WINDOW = 12, STRIDE = 2;
  const single = Math.fround;

  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

  function shared(one, other) {
    const side = (axis) => Math.max(Math.min(one[axis + 2], other[axis + 2]) - Math.max(one[axis], other[axis]), 0);
    return side(0) * side(1);
  }

  const intersectionOverUnion = (one, other) => shared(one, other) / (area(one) + area(other) - shared(one, other));
  const intersectionOverSmaller = (one, other) => shared(one, other) / Math.min(area(one), area(other));

  // The places of the boxes that stay, the best first; of equal scores the first box is taken.
  function nonMaximumSuppression(boxes, scores, overlap, most) {
    const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b), kept = [];
    for (const place of order) {
      if (kept.every((better) => overlap(boxes[better], boxes[place]) <= most)) kept.push(place);
    }
    return kept;
  }

  function windowBox(row, column, scale) {
    const at = (corner, more) => Math.floor(single(single(STRIDE * corner + more) / single(scale)));
    return [at(column, 1) - 1, at(row, 1) - 1, at(column, WINDOW), at(row, WINDOW)];
  }

  const shifted = (box, shifts) => box.map((side, place) => {
    const extent = single(box[place % 2 + 2] - box[place % 2]);
    return single(side + single(shifts[place] * extent));
  });

  function squared([left, top, right, bottom]) {
    const middle = [single(single(left + right) / 2), single(single(top + bottom) / 2)];
    const half = single(Math.max(single(right - left), single(bottom - top)) / 2);
    return [...middle.map((each) => single(each - half)), ...middle.map((each) => single(each + half))];
  }

  // What the picture has within a box, at size x size, each pixel the mean of whole ones; nothing where there is none.
  function cutOut({ width, height, planes }, box, size) {
    const sides = box.map(Math.floor), within = (value, most) => Math.min(Math.max(value, 0), most);
    const [left, top, right, bottom] = sides.map((side, place) => within(side, place % 2 ? height : width));
    if (right <= left || bottom <= top) return undefined;
    const edges = (first, extent) => Array.from({ length: size }, (_, place) => [
      first + Math.floor((place * extent) / size), first + Math.ceil(((place + 1) * extent) / size),
    ]);
    const across = edges(left, right - left), down = edges(top, bottom - top), crop = new Float32Array(3 * size * size);
    for (let channel = 0; channel < 3; channel += 1) {
      down.forEach(([above, below], row) => across.forEach(([before, after], column) => {
        let sum = 0;
        for (let y = above; y < below; y += 1) {
          for (let x = before; x < after; x += 1) sum += planes[(channel * height + y) * width + x];
        }
        crop[(channel * size + row) * size + column] = sum / ((below - above) * (after - before));
      }));
    }
    return crop;
  }

  document.currentScript.gives = {
    intersectionOverUnion, intersectionOverSmaller, nonMaximumSuppression, windowBox, shifted, squared, cutOut,
  };
})();
