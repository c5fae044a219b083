// Edge maps and their agreement as mmnotes/zero_conv/edges.py has them, for one picture as planes of red, green, blue.
(() => {
  "use strict";

  const THRESHOLD = 0.08;

  function edgeMap(picture, side) {
    const steep = new Float64Array(side * side), flat = new Uint8Array(side * side);
    const within = (place) => Math.min(Math.max(place, 0), side - 1);
    for (let row = 0; row < side; row += 1) {
      for (let column = 0; column < side; column += 1) {
        const here = row * side + column;
        let most = -1;
        for (let channel = 0; channel < picture.length / (side * side); channel += 1) {
          const at = (down, right) => picture[(channel * side + within(row + down)) * side + within(column + right)];
          const across = (at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1)) / 8;
          const down = (at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1)) / 8;
          const square = across * across + down * down;
          if (square <= most) continue; // the first of equals, as argmax
          most = square;
          steep[here] = Math.sqrt(square);
          flat[here] = Number(Math.abs(across) > Math.abs(down));
        }
      }
    }
    const at = (row, column) => (row < 0 || column < 0 || row >= side || column >= side ? 0 : steep[row * side + column]);
    return Uint8Array.from(steep, (own, place) => {
      const row = Math.floor(place / side), column = place % side;
      const [before, after] = flat[place]
        ? [at(row, column - 1), at(row, column + 1)]
        : [at(row - 1, column), at(row + 1, column)];
      return Number(own > THRESHOLD && own >= before && own > after);
    });
  }

  // The share of the pixels of one edge map that the other passes within one pixel.
  function met(one, other, side) {
    let count = 0, all = 0;
    for (let place = 0; place < one.length; place += 1) {
      if (!one[place]) continue;
      all += 1;
      const row = Math.floor(place / side), column = place % side;
      const near = [-1, 0, 1].some((down) => [-1, 0, 1].some((right) => {
        const [y, x] = [row + down, column + right];
        return y >= 0 && x >= 0 && y < side && x < side && other[y * side + x];
      }));
      count += Number(near);
    }
    return all && count / all;
  }

  function agreement(found, wanted, side) {
    const precision = met(found, wanted, side), recall = met(wanted, found, side);
    return precision + recall && (2 * precision * recall) / (precision + recall);
  }

  document.currentScript.gives = { edgeMap, agreement };
})();
