"""Pictures of the chapter on CLIP: lit patches, and drawings in the order in which they were found."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PALE, PURPLE

COLOURS = (BLUE, GREEN, PURPLE)
GREY = "0.45"
DARK = 0.15  # what is left of a patch that receives no attention


def lit(figure: Figure, picture: ArrayLike, maps: ArrayLike, titles: Sequence[str]) -> None:
    """A picture (3, height, width), then once for each map (maps, rows, columns) with its patches lit in proportion;
    in two rows where the figure is nearly as high as wide."""
    pixels, grids = np.asarray(picture).transpose(1, 2, 0).clip(0, 1), np.asarray(maps)
    side = pixels.shape[0] // grids.shape[1]
    rows = 2 if figure.get_figwidth() < 1.5 * figure.get_figheight() else 1
    panels = np.atleast_1d(figure.subplots(rows, -(-(1 + len(grids)) // rows))).flatten()
    panels[0].imshow(pixels)
    panels[0].set_title("picture")
    for axes, grid, title in zip(panels[1 : 1 + len(grids)], grids, titles, strict=True):
        light = (DARK + (1 - DARK) * grid / grid.max()).clip(0, 1)
        axes.imshow(pixels * light.repeat(side, 0).repeat(side, 1)[..., None])
        axes.set_title(title)
    for axes in panels:
        axes.axis("off")


def ranked_pictures(axes: Axes, pictures: ArrayLike, *, right: int, columns: int = 8) -> None:
    """Pictures (count, 3, height, width) in rows of ``columns``; number ``right``, if there is one, is framed."""
    images = np.asarray(pictures).transpose(0, 2, 3, 1).clip(0, 1)  # rounding leaves some a hair above 1
    height, width = images.shape[1:3]
    tiles = [np.pad(image, ((2, 2), (2, 2), (0, 0)), constant_values=1) for image in images]
    axes.imshow(np.vstack([np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]))
    if 0 <= right < len(images):
        row, column = divmod(right, columns)
        axes.add_patch(_frame((column * (width + 4), row * (height + 4)), width + 3, height + 3))
    axes.axis("off")


def read_at(
    figure: Figure, words: Sequence[str], numbers: ArrayLike, pictures: ArrayLike, *, place: int, right: int
) -> None:
    """Words from first to last with their numbers as bars, the one at ``place`` in orange and those behind it pale;
    and the pictures (count, 3, height, width) that the vector at ``place`` finds, beside them or, where the figure is
    narrow, below."""
    narrow = figure.get_figwidth() < figure.get_figheight()
    shape, ratios = ((2, 1), {"height_ratios": (1.2, 1)}) if narrow else ((1, 2), {"width_ratios": (1, 1.35)})
    left, found = figure.subplots(*shape, **ratios)
    rows, values = np.arange(len(words)), np.asarray(numbers)
    left.barh(rows, values, color=[ORANGE if row == place else BLUE if row < place else PALE for row in rows])
    for row, value in enumerate(values):
        left.text(value + 60, row, str(value), va="center")
    left.set_yticks(rows, labels=words)
    for row, label in enumerate(left.get_yticklabels()):
        label.set_color(GREY if row > place else "black")
    left.set(xticks=[], xlim=(0, 1.35 * values.max()), title="number of each token")
    left.invert_yaxis()
    left.spines[:].set_visible(False)
    left.tick_params(length=0)
    ranked_pictures(found, pictures, right=right, columns=4)
    found.set_title("nearest drawings")


def recalls(
    axes: Axes, names: Sequence[str], values: ArrayLike, chances: Sequence[float], *, ranks: Sequence[int]
) -> None:
    """A group for each rank, in it a column of dots for each name: one dot a seed; orange lines are chance.

    ``values`` are percentages (names, seeds, ranks).
    """
    for place, (name, of_name) in enumerate(zip(names, np.asarray(values), strict=True)):
        across = np.arange(len(ranks)) + 0.22 * (place - (len(names) - 1) / 2)
        labels = [name] + [None] * (len(of_name) - 1)
        axes.plot(across, of_name.T, "o", markersize=5, color=COLOURS[place], label=labels)
    axes.hlines(chances, np.arange(len(ranks)) - 0.4, np.arange(len(ranks)) + 0.4, color=ORANGE, label="chance")
    axes.set_xticks(range(len(ranks)), labels=[f"recall at {rank}" for rank in ranks])
    axes.set(ylim=(0, 100), ylabel="%")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)


def _frame(corner: tuple[float, float], width: float, height: float) -> Rectangle:
    return Rectangle(corner, width, height, fill=False, color=ORANGE, linewidth=2.5)
