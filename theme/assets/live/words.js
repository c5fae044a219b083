// A text as the text tower takes it, as mmnotes/clip/live.py reads it.
(() => {
  "use strict";

  // What parts words for Python's regular expressions, and the comma.
  const WORD = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000,]+/g;

  // The numbers from the start of a text to its end; and what became of each word: "read", "unseen" where no text of the
  // training had it, so that its vector is as at the start, "unknown", or "beyond" the longest text.
  function reading(text, { vocabulary, unseen, length }) {
    const start = vocabulary.length, ids = [start];
    const words = (text.toLowerCase().match(WORD) ?? []).map((word) => {
      const number = vocabulary.indexOf(word);
      if (number < 0) return [word, "unknown"];
      if (ids.length === length - 1) return [word, "beyond"];
      ids.push(number);
      return [word, unseen.includes(number) ? "unseen" : "read"];
    });
    ids.push(start + 1);
    return { ids: [...ids, ...Array(length - ids.length).fill(0)], words };
  }

  document.currentScript.gives = { reading };
})();
