// Pictures as planes: all of red, then green, then blue, row by row, from 0 to 1.
(() => {
  "use strict";

  // Draws a picture so many columns from the left of a canvas.
  function put(canvas, { width, height, planes }, left = 0) {
    const surface = canvas.getContext("2d"), image = surface.createImageData(width, height), size = width * height;
    for (let place = 0; place < size; place += 1) {
      for (let channel = 0; channel < 3; channel += 1) image.data[4 * place + channel] = Math.round(255 * planes[channel * size + place]);
      image.data[4 * place + 3] = 255;
    }
    surface.putImageData(image, left, 0);
  }

  // Makes a canvas a picture of its size.
  function paint(canvas, picture) {
    Object.assign(canvas, { width: picture.width, height: picture.height });
    put(canvas, picture);
    return canvas;
  }

  // A square picture from levels up to `most`, red, green and blue of each pixel beside each other.
  function fromLevels(levels, most) {
    const size = levels.length / 3, side = Math.sqrt(size), planes = new Float32Array(levels.length);
    levels.forEach((level, place) => { planes[(place % 3) * size + Math.floor(place / 3)] = level / most; });
    return { width: side, height: side, planes };
  }

  document.currentScript.gives = { put, paint, fromLevels };
})();
