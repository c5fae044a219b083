"""Pictures that several chapters share. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE

GAP = 2  # white pixels between two pictures


def montage(axes: Axes, pictures: ArrayLike) -> None:
    """Pictures (rows, columns, 3, height, width), values 0 to 1, laid out in a grid with white gaps."""
    tiles = np.pad(np.asarray(pictures), [(0, 0)] * 3 + [(GAP, GAP)] * 2, constant_values=1)
    rows, columns, channels, height, width = tiles.shape
    axes.imshow(tiles.transpose(0, 3, 1, 4, 2).reshape(rows * height, columns * width, channels), interpolation="none")
    axes.axis("off")


def mean_and_range(axes: Axes, x: Sequence[float], values: Mapping[str, ArrayLike]) -> None:
    """For each name, values (points, seeds) over x: a line through their means and a band from least to most."""
    for colour, (name, each) in zip((BLUE, ORANGE, GREEN), values.items(), strict=False):
        numbers = np.asarray(each)
        axes.fill_between(x, numbers.min(1), numbers.max(1), color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, numbers.mean(1), ".-", color=colour, label=name)
    axes.legend()
