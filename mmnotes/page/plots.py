"""Pictures that several chapters share. They draw numbers and know no mechanism."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

GAP = 2  # white pixels between two pictures


def montage(axes: Axes, pictures: ArrayLike) -> None:
    """Pictures (rows, columns, 3, height, width), values 0 to 1, laid out in a grid with white gaps."""
    tiles = np.pad(np.asarray(pictures), [(0, 0)] * 3 + [(GAP, GAP)] * 2, constant_values=1)
    rows, columns, channels, height, width = tiles.shape
    axes.imshow(tiles.transpose(0, 3, 1, 4, 2).reshape(rows * height, columns * width, channels), interpolation="none")
    axes.axis("off")
