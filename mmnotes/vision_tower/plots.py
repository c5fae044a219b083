"""Pictures of the chapter on the vision tower. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE

MOST_LINES = 40  # of a grid that is drawn line by line; denser ones have a line every 8


def tokens(
    figure: Figure, picture: ArrayLike, *, rows: int, columns: int, at: tuple[int, int], counts: Mapping[str, int]
) -> None:
    """A picture (height, width, 3) cut into tokens, what one of them covers, and counts on a logarithmic bar."""
    pixels = np.asarray(picture)
    places = figure.subplot_mosaic("ww;pb", height_ratios=[1.9, 1], width_ratios=[1, 2.4])
    whole, part, bar = (places[name] for name in "wpb")
    down, across = pixels.shape[0] / rows, pixels.shape[1] / columns
    left, top = at[1] * across - 0.5, at[0] * down - 0.5
    every = 1 if max(rows, columns) <= MOST_LINES else 8
    for axes in (whole, part):
        axes.imshow(pixels, interpolation="none")
        axes.set(xticks=[], yticks=[])
    _lines(whole, pixels, every * down, every * across)
    whole.add_patch(Rectangle((left, top), across, down, fill=False, color=ORANGE, linewidth=2))
    whole.set_title(f"{rows} by {columns} tokens" + (", a line every 8" if every > 1 else ""))
    part.set(xlim=(left, left + across), ylim=(top + down, top), title="one token")
    part.spines[:].set(visible=True, color=ORANGE, linewidth=2)
    for place, (name, count) in enumerate(counts.items()):
        bar.barh(place, count, color="0.6" if place else ORANGE, height=0.6)
        bar.text(count * 1.15, place, f"{count:,} {name}", va="center")
    bar.set(xscale="log", xlim=(1, 2e7), ylim=(len(counts) - 0.4, -0.6), yticks=[], xticks=[1, 10, 100, 1000, 10000])
    bar.minorticks_off()


def _lines(axes: Axes, pixels: np.ndarray, down: float, across: float, colour: str = "white") -> None:
    """Lines every so many pixels down and across."""
    height, width = pixels.shape[0], pixels.shape[1]
    lines = [[(x - 0.5, -0.5), (x - 0.5, height - 0.5)] for x in np.arange(0, width + 0.01, across)]
    lines += [[(-0.5, y - 0.5), (width - 0.5, y - 0.5)] for y in np.arange(0, height + 0.01, down)]
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.8))


def heard(
    figure: Figure,
    panels: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    at: tuple[int, int],
    side: int,
) -> None:
    """Pictures (height, width, 3) under masks (rows, columns), pale where they are not set; patch ``at`` of the first
    is marked, and a line is drawn every ``side`` patches, or none for 0."""
    stacked = bool(figure.get_figwidth() < figure.get_figheight())
    shape = (len(panels), 1) if stacked else (1, len(panels))
    places = figure.subplots(*shape, squeeze=False).flat
    for number, (axes, (name, (picture, mask))) in enumerate(zip(places, panels.items(), strict=True)):
        known, shown = np.asarray(mask), np.asarray(picture)
        patch = shown.shape[0] / known.shape[0]
        extent = (-0.5, shown.shape[1] - 0.5, shown.shape[0] - 0.5, -0.5)
        axes.imshow(shown, interpolation="none")
        axes.imshow(np.ones((*known.shape, 3)), alpha=0.8 * ~known, extent=extent, interpolation="none")
        if side:
            _lines(axes, shown, side * patch, side * patch, BLUE)
        if number == 0:
            axes.add_patch(Rectangle((at[1] * patch - 0.5, at[0] * patch - 0.5), patch, patch, color=ORANGE))
        axes.set(xticks=[], yticks=[], title=f"{name}: {known.sum()} of {known.size}")


def readings(axes: Axes, picture: ArrayLike, places: ArrayLike, centres: ArrayLike, *, side: int) -> None:
    """A picture stretched over a table of ``side`` entries a side and cut into patches; what each patch of a row and
    of a column reads (n,) in orange, with a line from the middle of the patch (n,)."""
    ends = [np.asarray(each) for each in (places, centres)]
    read, middle = (np.stack(np.meshgrid(each, each), -1).reshape(-1, 2) for each in ends)
    axes.imshow(np.asarray(picture), extent=(-0.5, side - 0.5, side - 0.5, -0.5), alpha=0.5, interpolation="none")
    count = len(ends[0])
    for border in np.arange(count + 1) * side / count - 0.5:
        axes.axvline(border, color="white", linewidth=1)
        axes.axhline(border, color="white", linewidth=1)
    entries = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    axes.plot(*entries.T, ".", color="0.25", markersize=1.5, markeredgewidth=0)
    axes.add_collection(LineCollection(list(np.stack([middle, read], 1)), colors=BLUE, linewidths=1.5))
    axes.plot(*read.T, "o", color=ORANGE, markersize=min(4.5, 100 / count), markeredgewidth=0, clip_on=False)
    axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), xticks=[0, side - 1], yticks=[0, side - 1])


def pictures(
    figure: Figure,
    named: Mapping[str, ArrayLike],
    *,
    most: float = 1.0,
    cells: Mapping[str, tuple[int, int]] | None = None,
) -> None:
    """Pictures side by side under their names: (height, width, 3) as they are, (rows, columns) in greys up to ``most``;
    those in ``cells`` with lines every so many pixels down and across."""
    for axes, (name, picture) in zip(np.atleast_1d(figure.subplots(1, len(named))), named.items(), strict=True):
        shown = np.asarray(picture)
        axes.imshow(shown, cmap="gray", vmin=0, vmax=most, interpolation="none")
        if cells and name in cells:
            _lines(axes, shown, *cells[name])
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize=9)


def shares(axes: Axes, sides: Sequence[float], parts: Mapping[str, ArrayLike]) -> None:
    """For each name, counts over the side of a picture, on logarithmic axes."""
    for colour, (name, counts) in zip((ORANGE, BLUE, GREEN), parts.items(), strict=False):
        axes.plot(sides, np.asarray(counts), ".-", color=colour, label=name)
    axes.set(xscale="log", yscale="log")
    axes.legend()
