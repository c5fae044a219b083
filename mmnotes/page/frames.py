"""Pictures of a lab as bytes and as files: what `draw` draws, small enough to send one for every setting."""

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mmnotes.page.controls import Value

Draw = Callable[..., object]
Size = tuple[int | float, int | float]  # inches

DPI = 200  # 5.6 inches are shown about 670 CSS pixels wide or less: text stays crisp on a 2x screen, large on a phone
COLOURS = 128  # of a frame


def picture(draw: Draw, values: dict[str, Value], *, size: Size) -> Image.Image:
    """What `draw` draws for these values, on an empty figure of that size."""
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)  # no pyplot: no global state, no figure left open
    draw(figure, **values)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    return Image.fromarray(pixels).convert("RGB")


def png(image: Image.Image) -> bytes:
    """The picture for plain viewers and live kernels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def webp(image: Image.Image) -> bytes:
    """The picture for the book, about half the bytes of any lossy setting that leaves letters without halos.

    A figure has few colours besides the shades at the edges of its letters and lines: reduced to 128 and
    stored without further loss, it is off by at most about 12 of 255.
    """
    buffer = io.BytesIO()
    few_colours(image, colours=COLOURS).convert("RGB").save(buffer, "WEBP", lossless=True, method=4, quality=100)
    return buffer.getvalue()


def few_colours(image: Image.Image, *, colours: int) -> Image.Image:
    """The picture with a palette of so many colours, by maximum coverage, so that a rare colour survives."""
    return image.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def write_frames(frames: list[bytes], folder: Path) -> None:
    """Write frame i to folder/i.webp; the folder appears whole or not at all, and replaces an older one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".frames-") as unfinished:
        new = Path(unfinished) / folder.name
        new.mkdir()
        for index, frame in enumerate(frames):
            (new / f"{index}.webp").write_bytes(frame)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(new, folder)
