// How a face is brought to its standard place, as mmnotes/face_verification/alignment.py and chips.py have it. Points are
// [column, row]; a transform is two rows of three, a matrix and a shift beside it.
(() => {
  "use strict";

  const FLATTEST = 0.05; // the least extent across of landmarks that are a face, beside the one along
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  function centred(points) {
    const mean = [0, 1].map((axis) => sum(points.map((point) => point[axis])) / points.length);
    return { mean, points: points.map(([x, y]) => [x - mean[0], y - mean[1]]) };
  }

  // The similarity that brings points nearest to their targets: a x + b in complex numbers.
  function similarity(points, targets) {
    const from = centred(points), to = centred(targets);
    const square = sum(from.points.map(([x, y]) => x * x + y * y));
    const real = sum(from.points.map(([x, y], place) => x * to.points[place][0] + y * to.points[place][1])) / square;
    const turn = sum(from.points.map(([x, y], place) => x * to.points[place][1] - y * to.points[place][0])) / square;
    const [x, y] = from.mean;
    return [[real, -turn, to.mean[0] - real * x + turn * y], [turn, real, to.mean[1] - turn * x - real * y]];
  }

  // Whether landmarks lie nearly on one line, which those of a face never do.
  function flat(landmarks) {
    const { points } = centred(landmarks);
    const [xx, xy, yy] = [[0, 0], [0, 1], [1, 1]].map(([a, b]) => sum(points.map((point) => point[a] * point[b])));
    const spread = Math.sqrt(((xx - yy) / 2) ** 2 + xy ** 2), middle = (xx + yy) / 2;
    return Math.sqrt(Math.max(middle - spread, 0)) <= FLATTEST * Math.sqrt(middle + spread);
  }

  // Half the height and width, each pixel the mean of the four, or at the rim the two or the one, that there are.
  function halved({ width, height, planes }) {
    const columns = Math.ceil(width / 2), rows = Math.ceil(height / 2), result = new Float32Array(3 * rows * columns);
    for (let place = 0; place < result.length; place += 1) {
      const channel = Math.floor(place / (rows * columns)), row = Math.floor(place / columns) % rows, column = place % columns;
      let total = 0, count = 0;
      for (let y = 2 * row; y < Math.min(2 * row + 2, height); y += 1) {
        for (let x = 2 * column; x < Math.min(2 * column + 2, width); x += 1) {
          total += planes[(channel * height + y) * width + x];
          count += 1;
        }
      }
      result[place] = total / count;
    }
    return { width: columns, height: rows, planes: result };
  }

  // The chip whose pixel q shows what the picture has at A q + b, between pixels in proportion, black outside of it.
  function chipAt(picture, transform, size) {
    let [[a, b, c], [d, e, f]] = transform, source = picture;
    while (a * e - b * d > 4) {
      source = halved(source);
      [a, b, c, d, e, f] = [a / 2, b / 2, (c - 0.5) / 2, d / 2, e / 2, (f - 0.5) / 2];
    }
    const { width, height, planes } = source, chip = new Float32Array(3 * size * size);
    for (let place = 0; place < size * size; place += 1) {
      const column = place % size, row = Math.floor(place / size);
      const x = a * column + b * row + c, y = d * column + e * row + f, left = Math.floor(x), top = Math.floor(y);
      for (const [right, below] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
        const at = left + right, line = top + below;
        if (at < 0 || line < 0 || at >= width || line >= height) continue;
        const weight = (right ? x - left : 1 - x + left) * (below ? y - top : 1 - y + top);
        for (let channel = 0; channel < 3; channel += 1) {
          chip[channel * size * size + place] += weight * planes[(channel * height + line) * width + at];
        }
      }
    }
    return { width: size, height: size, planes: chip.map((value) => Math.min(Math.max(value, 0), 1)) };
  }

  document.currentScript.gives = { similarity, flat, chipAt };
})();
