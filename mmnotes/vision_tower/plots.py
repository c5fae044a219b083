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
    whole.imshow(pixels, extent=(0, columns, rows, 0), aspect=_square(pixels, rows, columns), interpolation="none")
    every = 1 if max(rows, columns) <= MOST_LINES else 8
    _grid(whole, rows, columns, every=every)
    whole.add_patch(Rectangle((at[1], at[0]), 1, 1, fill=False, color=ORANGE, linewidth=2))
    whole.set_title(f"{rows} by {columns} tokens" + (", a line every 8" if every > 1 else ""))
    top, left = at[0] * pixels.shape[0] / rows, at[1] * pixels.shape[1] / columns
    bottom, right = top + pixels.shape[0] / rows, left + pixels.shape[1] / columns
    part.imshow(pixels, aspect=_square(pixels, rows, columns) * rows / columns * pixels.shape[1] / pixels.shape[0])
    part.set(xlim=(left - 0.5, right - 0.5), ylim=(bottom - 0.5, top - 0.5), title="one token")
    for axes in (whole, part):
        axes.set(xticks=[], yticks=[])
    part.spines[:].set(visible=True, color=ORANGE, linewidth=2)
    names = list(counts)
    for place, (name, colour) in enumerate(zip(names, (ORANGE, "0.6", "0.6"), strict=False)):
        bar.barh(place, counts[name], color=colour, height=0.6)
        bar.text(counts[name] * 1.15, place, f"{counts[name]:,} {name}", va="center")
    bar.set(xscale="log", xlim=(1, 2e7), ylim=(len(names) - 0.4, -0.6), yticks=[], xticks=[1, 10, 100, 1000, 10000])
    bar.minorticks_off()


def _square(pixels: np.ndarray, rows: int, columns: int) -> float:
    return float(pixels.shape[0] / rows / (pixels.shape[1] / columns))


def _grid(axes: Axes, rows: int, columns: int, *, every: int) -> None:
    down = [[(column, 0), (column, rows)] for column in range(0, columns + 1, every)]
    across = [[(0, row), (columns, row)] for row in range(0, rows + 1, every)]
    axes.add_collection(LineCollection(down + across, colors="white", linewidths=0.7, alpha=0.8))


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
        known = np.asarray(mask)
        rows, columns = known.shape
        axes.imshow(np.asarray(picture), extent=(0, columns, rows, 0), interpolation="none")
        axes.imshow(np.ones((rows, columns, 3)), alpha=0.8 * ~known, extent=(0, columns, rows, 0), interpolation="none")
        if side:
            lines = [[(x, 0), (x, rows)] for x in range(0, columns + 1, side)]
            lines += [[(0, y), (columns, y)] for y in range(0, rows + 1, side)]
            axes.add_collection(LineCollection(lines, colors=BLUE, linewidths=1))
        if number == 0:
            axes.add_patch(Rectangle((at[1], at[0]), 1, 1, color=ORANGE))
        axes.set(xticks=[], yticks=[], title=f"{name}: {known.sum()} of {known.size}")


def readings(axes: Axes, picture: ArrayLike, places: ArrayLike, centres: ArrayLike, *, side: int) -> None:
    """A picture stretched over a table of ``side`` entries a side and cut into patches; what each patch of a row and
    of a column reads (n,) in orange, with a line from the middle of the patch (n,)."""
    ends = [np.asarray(each) for each in (places, centres)]
    read, middle = (np.stack(np.meshgrid(each, each), -1).reshape(-1, 2) for each in ends)
    axes.imshow(np.asarray(picture), extent=(-0.5, side - 0.5, side - 0.5, -0.5), alpha=0.5, interpolation="none")
    for border in np.arange(len(ends[0]) + 1) * side / len(ends[0]) - 0.5:
        axes.axvline(border, color="white", linewidth=1)
        axes.axhline(border, color="white", linewidth=1)
    entries = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    axes.plot(*entries.T, ".", color="0.25", markersize=1.5, markeredgewidth=0)
    axes.add_collection(LineCollection(list(np.stack([middle, read], 1)), colors=BLUE, linewidths=1.5))
    axes.plot(*read.T, "o", color=ORANGE, markersize=4.5, markeredgewidth=0, clip_on=False)
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
            height, width = shown.shape[:2]
            down, across = cells[name]
            lines = [[(x - 0.5, -0.5), (x - 0.5, height - 0.5)] for x in range(0, width + 1, across)]
            lines += [[(-0.5, y - 0.5), (width - 0.5, y - 0.5)] for y in range(0, height + 1, down)]
            axes.add_collection(LineCollection(lines, colors="white", linewidths=0.7))
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize=9)


def shares(axes: Axes, sides: Sequence[float], parts: Mapping[str, ArrayLike]) -> None:
    """For each name, counts over the side of a picture, on logarithmic axes."""
    for colour, (name, counts) in zip((ORANGE, BLUE, GREEN), parts.items(), strict=False):
        axes.plot(sides, np.asarray(counts), ".-", color=colour, label=name)
    axes.set(xscale="log", yscale="log")
    axes.legend()
