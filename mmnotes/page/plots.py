"""Pictures that several cells of a chapter share. They draw numbers and know no mechanism."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.figures import BLUE, ORANGE


def matrix_with_sums(
    figure: Figure, matrix: ArrayLike, masses: tuple[float, float], *, rows: ArrayLike, columns: ArrayLike
) -> None:
    """A matrix as shades of blue, its column sums above and its row sums to the right as bars.

    ``masses`` are what each row sum and each column sum should be, drawn as orange lines. ``rows`` and ``columns`` are
    small grey pictures (count, height, width) that label the rows and the columns.
    """
    values = np.asarray(matrix)
    height, width = values.shape
    panels = figure.subplot_mosaic(
        [[".", "above", "."], ["left", "middle", "right"], [".", "below", "."]],
        height_ratios=(2.2, height, 1.1),
        width_ratios=(1.1, width, 3),
    )
    panels["middle"].imshow(values, vmin=0, vmax=max(1.0, float(values.max())), aspect="auto", cmap="Blues")
    panels["left"].imshow(np.vstack(list(np.asarray(rows))), cmap="Greys", aspect="auto")
    panels["below"].imshow(np.hstack(list(np.asarray(columns))), cmap="Greys", aspect="auto")
    panels["above"].bar(range(width), values.sum(0), color=BLUE)
    panels["above"].axhline(masses[1], color=ORANGE)
    panels["above"].set(xlim=(-0.5, width - 0.5), ylim=(0, 2.5 * masses[1]), ylabel="column\nsums")
    panels["right"].barh(range(height), values.sum(1), color=BLUE)
    panels["right"].axvline(masses[0], color=ORANGE)
    panels["right"].set(ylim=(height - 0.5, -0.5), xlim=(0, 2.5 * masses[0]), title="row sums")
    for name, axes in panels.items():
        axes.set(xticks=[], yticks=[0, masses[1]] if name == "above" else [])
        if name == "right":
            axes.set_xticks([0, masses[0]])


def loads(axes: Axes, measured: ArrayLike, wanted: ArrayLike, *, pictures: ArrayLike) -> None:
    """One bar a prototype, its wanted load as an orange line across it, its picture below."""
    measured, wanted, pictures = np.asarray(measured), np.asarray(wanted), np.asarray(pictures)
    places = np.arange(len(measured))
    axes.bar(places, measured, color=BLUE)
    axes.hlines(wanted, places - 0.45, places + 0.45, color=ORANGE, linewidth=2)
    axes.set(xlim=(-0.6, len(measured) - 0.4), xticks=[], ylabel="digits assigned")
    strip = axes.inset_axes((0, -0.16, 1, 0.14))
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1)))
    strip.imshow(np.hstack(list(padded)), cmap="Greys", aspect="auto")
    strip.axis("off")
