"""Pictures of the chapter on flow matching. They draw numbers and know no mechanism."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, ORANGE
from mmnotes.page.plots import montage

SHADES = 7  # of a density, between its highest value and a twentieth of it


def way(figure: Figure, points: ArrayLike, leaps: ArrayLike) -> None:
    """Above, pictures on their way (samples, 3, height, width); below each, what a single leap from there draws."""
    above, below = figure.subplots(2, 1)
    montage(above, np.asarray(points)[None])
    montage(below, np.asarray(leaps)[None])
    above.set_title("on its way: $x_t$")
    below.set_title("a single leap from there: $x_t - t \\, v$")


def cloud(axes: Axes, density: ArrayLike, tracks: ArrayLike, *, reach: float) -> None:
    """A density (rows, columns) over the square from -``reach`` to ``reach``, and points with the way they came.

    ``tracks`` is (times, points, 2); the points are orange where they are now.
    """
    values = np.asarray(density)
    across, up = (np.linspace(-reach, reach, count) for count in values.shape[::-1])
    levels = values.max() * np.linspace(0.05, 1, SHADES + 1)
    axes.contourf(across, up, values, levels=levels, cmap="Blues", vmin=0)
    _tracks(axes, np.asarray(tracks), reach)


def tracks(axes: Axes, tracks: ArrayLike, centres: ArrayLike, *, reach: float) -> None:
    """Points and the way they came, as in ``cloud``, among the centres (centres, 2) that they should have reached."""
    axes.plot(*np.asarray(centres).T, "o", color="0.8", markersize=14, zorder=0)
    _tracks(axes, np.asarray(tracks), reach)


def guidance(axes: Axes, samples: ArrayLike, scales: Sequence[float], nearest: ArrayLike) -> None:
    """A row of samples (scales, concepts, 3, height, width) for each scale, and one of drawings below them."""
    montage(axes, np.concatenate([np.asarray(samples), np.asarray(nearest)[None]]))
    names = [*(f"$w$ = {scale:g}" for scale in scales), "nearest"]
    for row, name in enumerate(names):
        place = 1 - (row + 0.5) / len(names)
        axes.text(-0.01, place, name, transform=axes.transAxes, ha="right", va="center")


def _tracks(axes: Axes, tracks: np.ndarray, reach: float) -> None:
    axes.plot(tracks[..., 0], tracks[..., 1], color=BLUE, linewidth=0.5, alpha=0.5)
    axes.plot(tracks[-1, :, 0], tracks[-1, :, 1], ".", color=ORANGE, markersize=4)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.axis("off")
