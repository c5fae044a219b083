"""Pictures of the chapter on zero convolutions. They draw numbers and know no mechanism."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from mmnotes.page.palette import BLUE, ORANGE

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
