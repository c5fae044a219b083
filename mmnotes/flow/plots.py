"""Pictures of the chapter on flow matching. They draw numbers and know no mechanism."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, ORANGE


def cloud(axes: Axes, density: ArrayLike, tracks: ArrayLike, *, reach: float) -> None:
    """A density (rows, columns) over the square from -``reach`` to ``reach``, and points with the way they came.

    ``tracks`` is (times, points, 2); the points are orange where they are now.
    """
    side = (-reach, reach)
    axes.imshow(np.asarray(density), extent=(*side, *side), origin="lower", cmap="Blues", vmin=0)
    _tracks(axes, np.asarray(tracks), reach)


def tracks(axes: Axes, tracks: ArrayLike, centres: ArrayLike, *, reach: float) -> None:
    """Points and the way they came, as in ``cloud``, among the centres (centres, 2) that they should have reached."""
    axes.plot(*np.asarray(centres).T, "o", color="0.8", markersize=14, zorder=0)
    _tracks(axes, np.asarray(tracks), reach)


def _tracks(axes: Axes, tracks: np.ndarray, reach: float) -> None:
    axes.plot(tracks[..., 0], tracks[..., 1], color=BLUE, linewidth=0.5, alpha=0.5)
    axes.plot(tracks[-1, :, 0], tracks[-1, :, 1], ".", color=ORANGE, markersize=4)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.axis("off")
