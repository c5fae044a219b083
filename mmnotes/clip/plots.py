"""Pictures of the chapter on CLIP: lit patches, and drawings in the order in which they were found."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE

COLOURS = (BLUE, GREEN, PURPLE)
DARK = 0.15  # what is left of a patch that receives no attention


def lit(figure: Figure, picture: ArrayLike, maps: ArrayLike, titles: Sequence[str]) -> None:
    """A picture (3, height, width), then once for each map (maps, rows, columns) with its patches lit in proportion."""
    pixels, grids = np.asarray(picture).transpose(1, 2, 0).clip(0, 1), np.asarray(maps)
    side = pixels.shape[0] // grids.shape[1]
    panels = figure.subplots(1, 1 + len(grids))
    panels[0].imshow(pixels)
    panels[0].set_title("picture")
    for axes, grid, title in zip(panels[1:], grids, titles, strict=True):
        light = (DARK + (1 - DARK) * grid / grid.max()).clip(0, 1)
        axes.imshow(pixels * light.repeat(side, 0).repeat(side, 1)[..., None])
        axes.set_title(title)
    for axes in panels:
        axes.axis("off")


def ranked_pictures(axes: Axes, pictures: ArrayLike, *, right: int) -> None:
    """Pictures (count, 3, height, width) side by side; number ``right`` of them, if there is one, is framed."""
    images = np.asarray(pictures).transpose(0, 2, 3, 1).clip(0, 1)  # rounding leaves some a hair above 1
    height, width = images.shape[1:3]
    axes.imshow(np.hstack([np.pad(image, ((2, 2), (2, 2), (0, 0)), constant_values=1) for image in images]))
    if 0 <= right < len(images):
        corner = (right * (width + 4), 0)
        axes.add_patch(_frame(corner, width + 3, height + 3))
    axes.axis("off")


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
