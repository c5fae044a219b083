"""Pictures of a lab as bytes and as files: what `draw` draws, small enough to send one for every setting."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike
from PIL import Image

from mmnotes.page.controls import Value

Draw = Callable[..., object]
Size = tuple[int | float, int | float]  # inches

CSS_PIXELS = 120  # an inch, so that letters of 10 points are as large as the page's; 5.6 inches fill its column
DPI = 2 * CSS_PIXELS  # crisp where a screen has two dots for a CSS pixel
PHONE = 316  # CSS pixels a picture is wide on a screen of 360
SMALLEST_LETTERS = 10  # CSS pixels, on that screen
COLOURS = 128  # of a frame


def picture(draw: Draw, values: dict[str, Value], *, size: Size, on_a_phone: bool = False) -> Image.Image:
    """What `draw` draws for these values, on an empty figure of that size.

    Errors: ValueError if it is the picture that phones get and has letters which are too small there.
    """
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)  # no pyplot: no global state, no figure left open
    draw(figure, **values)
    canvas.draw()
    if on_a_phone:
        _check_letters(figure)
    pixels = np.asarray(canvas.buffer_rgba())
    return Image.fromarray(pixels).convert("RGB")


def _check_letters(figure: Figure) -> None:
    pixels = min(CSS_PIXELS, PHONE / figure.get_figwidth()) / 72  # a point
    for text in _texts(figure):
        high = float(text.get_fontsize()) * pixels
        if high < SMALLEST_LETTERS - 0.1:
            message = f"draw: on a phone the letters of {text.get_text()!r} are {high:.1f} pixels high"
            raise ValueError(f"{message}, not {SMALLEST_LETTERS}; draw larger letters, or a `narrow` picture")


def _texts(artist: Artist) -> Iterator[Text]:
    """What is written in a part of a figure."""
    hidden = {artist.xaxis, artist.yaxis} if isinstance(artist, Axes) and not artist.axison else set()
    if isinstance(artist, Text) and artist.get_text().strip():
        yield artist
    for part in artist.get_children():
        if part.get_visible() and part not in hidden:
            yield from _texts(part)


def png(image: Image.Image) -> bytes:
    """The picture for plain viewers and live kernels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def side_by_side(pictures: ArrayLike) -> bytes:
    """Pictures (count, 3, height, width), values 0 to 1, as one PNG."""
    pixels = np.hstack([*np.asarray(pictures).transpose(0, 2, 3, 1)])
    return png(Image.fromarray((255 * pixels).round().clip(0, 255).astype(np.uint8)))


def webp(image: Image.Image) -> bytes:
    """The picture for the book, about half the bytes of any lossy setting that leaves letters without halos.

    A figure has few colours besides the shades at the edges of its letters and lines: reduced to 128 and
    stored without further loss, it is off by at most about 12 of 255.
    """
    buffer = io.BytesIO()
    few_colours(image, colours=COLOURS).convert("RGB").save(buffer, "WEBP", lossless=True, method=3, quality=75)
    return buffer.getvalue()


def few_colours(image: Image.Image, *, colours: int) -> Image.Image:
    """The picture with a palette of so many colours, by maximum coverage, so that a rare colour survives."""
    return image.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def write_frames(frames: dict[str, bytes], folder: Path) -> None:
    """Write every frame under its name; the folder appears whole or not at all, and replaces an older one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".frames-") as unfinished:
        new = Path(unfinished) / folder.name
        new.mkdir()
        for name, frame in frames.items():
            (new / name).write_bytes(frame)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(new, folder)
