"""Pictures of the chapter on zero convolutions. They draw numbers and know no mechanism."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE

SMALLEST = 1e-14  # where the bars begin


def gradient_lengths(axes: Axes, sizes: Mapping[str, float]) -> None:
    """One bar on a logarithmic scale for each group of layers; one that is exactly zero is named so in orange."""
    for place, size in enumerate(sizes.values()):
        if size == 0:
            axes.text(1.6 * SMALLEST, place, "exactly zero", color=ORANGE, va="center")
        else:
            axes.barh(place, size - SMALLEST, left=SMALLEST, color=BLUE)
    axes.set_yticks(range(len(sizes)), labels=list(sizes))
    axes.set(xscale="log", xlim=(SMALLEST, 10), ylim=(len(sizes) - 0.5, -0.5), xlabel="length of the gradient")


def against_nearest(axes: Axes, nearest: ArrayLike, found: Mapping[str, ArrayLike]) -> None:
    """For each name one point a concept: the agreement of a sample over that of the nearest learned outline."""
    for colour, (name, each) in zip((GREEN, ORANGE, BLUE), found.items(), strict=False):
        axes.scatter(nearest, each, s=10, color=colour, label=name)
    axes.axline((1, 1), slope=1, color="0.6", linewidth=0.8)
    axes.set(xlabel="nearest learned outline", ylabel="agreement", xlim=(0.5, 1.02), ylim=(0.3, 1.02))
    axes.legend()
