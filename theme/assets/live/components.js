// The first principal components of a picture's patch tokens as mmnotes/dino/components.py has them.
(() => {
  "use strict";

  const SWEEPS = 30, SMALL = 1e-26; // of the squares beside the diagonal, as a share of all

  // Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations: each makes one entry zero.
  function eigen(given, size) {
    const matrix = Float64Array.from(given), vectors = new Float64Array(size * size);
    for (let i = 0; i < size; i += 1) vectors[i * size + i] = 1;
    const all = matrix.reduce((sum, each) => sum + each * each, 0);
    const rotate = (entries, one, other, cos, sin) => {
      const [a, b] = [entries[one], entries[other]];
      entries[one] = cos * a - sin * b;
      entries[other] = sin * a + cos * b;
    };
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
      let beside = 0;
      for (let p = 0; p < size; p += 1) for (let q = 0; q < p; q += 1) beside += matrix[p * size + q] ** 2;
      if (beside <= SMALL * all) break;
      for (let p = 0; p < size - 1; p += 1) {
        for (let q = p + 1; q < size; q += 1) {
          const off = matrix[p * size + q];
          if (!off) continue;
          const theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * off);
          const tan = (Math.sign(theta) || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
          const cos = 1 / Math.sqrt(tan * tan + 1), sin = tan * cos;
          for (let i = 0; i < size; i += 1) rotate(matrix, i * size + p, i * size + q, cos, sin);
          for (let i = 0; i < size; i += 1) rotate(matrix, p * size + i, q * size + i, cos, sin);
          for (let i = 0; i < size; i += 1) rotate(vectors, i * size + p, i * size + q, cos, sin);
        }
      }
    }
    return { values: Array.from({ length: size }, (_, i) => matrix[i * size + i]), vectors };
  }

  // Tokens row by row -> `count` scores of each token, and each component's share of the variance.
  function principalComponents(tokens, dim, count) {
    const patches = tokens.length / dim, centred = Float64Array.from(tokens);
    for (let axis = 0; axis < dim; axis += 1) {
      let mean = 0;
      for (let patch = 0; patch < patches; patch += 1) mean += centred[patch * dim + axis] / patches;
      for (let patch = 0; patch < patches; patch += 1) centred[patch * dim + axis] -= mean;
    }
    const matrix = new Float64Array(dim * dim);
    for (let a = 0; a < dim; a += 1) {
      for (let b = 0; b <= a; b += 1) {
        let sum = 0;
        for (let patch = 0; patch < patches; patch += 1) sum += centred[patch * dim + a] * centred[patch * dim + b];
        matrix[a * dim + b] = matrix[b * dim + a] = sum;
      }
    }
    const { values, vectors } = eigen(matrix, dim);
    const order = values.map((_, place) => place).sort((a, b) => values[b] - values[a]).slice(0, count);
    const scores = new Float64Array(patches * count);
    order.forEach((axis, component) => {
      let cubes = 0;
      for (let patch = 0; patch < patches; patch += 1) {
        let score = 0;
        for (let i = 0; i < dim; i += 1) score += centred[patch * dim + i] * vectors[i * dim + axis];
        scores[patch * count + component] = score;
        cubes += score ** 3;
      }
      if (cubes < 0) for (let patch = 0; patch < patches; patch += 1) scores[patch * count + component] *= -1;
    });
    const all = values.reduce((a, b) => a + b);
    return { scores, shares: order.map((axis) => Math.max(values[axis], 0) / all) };
  }

  // Three components as red, green and blue, plane by plane: in each the least is 0 and the most is 1.
  function asColours(scores) {
    const size = scores.length / 3, planes = new Float32Array(scores.length);
    for (let channel = 0; channel < 3; channel += 1) {
      const own = Array.from({ length: size }, (_, place) => scores[3 * place + channel]);
      const least = Math.min(...own), span = Math.max(...own) - least || 1;
      own.forEach((score, place) => { planes[channel * size + place] = (score - least) / span; });
    }
    return planes;
  }

  document.currentScript.gives = { principalComponents, asColours };
})();
