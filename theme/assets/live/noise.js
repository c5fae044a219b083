// Normal numbers as torch.randn draws them on a processor, from torch.Generator().manual_seed(seed): a Mersenne
// Twister (Matsumoto and Nishimura 1998) and the transform of Box and Muller, sixteen numbers at a time.
(() => {
  "use strict";

  const SIZE = 624, SHIFT = 397, BLOCK = 16;

  function* words(seed) {
    const state = new Uint32Array(SIZE);
    state[0] = seed;
    for (let i = 1; i < SIZE; i += 1) {
      const before = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = Math.imul(1812433253, before) + i;
    }
    for (;;) {
      for (let i = 0; i < SIZE; i += 1) {
        const joined = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
        state[i] = state[(i + SHIFT) % SIZE] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
      }
      for (let word of state) {
        word ^= word >>> 11;
        word ^= (word << 7) & 0x9d2c5680;
        word ^= (word << 15) & 0xefc60000;
        yield (word ^ (word >>> 18)) >>> 0;
      }
    }
  }

  // `count` is a multiple of 16; for others torch takes the last sixteen anew.
  function normals(seed, count) {
    const random = words(seed);
    const values = Float32Array.from({ length: count }, () => (random.next().value & 0xffffff) / 2 ** 24);
    for (let start = 0; start < count; start += BLOCK) {
      for (let i = start; i < start + BLOCK / 2; i += 1) {
        const radius = Math.sqrt(-2 * Math.log(1 - values[i])), angle = 2 * Math.PI * values[i + BLOCK / 2];
        values[i] = radius * Math.cos(angle);
        values[i + BLOCK / 2] = radius * Math.sin(angle);
      }
    }
    return values;
  }

  document.currentScript.gives = { normals };
})();
