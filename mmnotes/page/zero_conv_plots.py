"""Pictures of the chapter on zero convolutions. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from mmnotes.page.figures import BLUE, GREEN, ORANGE

SMALLEST = 1e-14  # where the bars begin


def wake(axes: Axes, sizes: Mapping[str, float]) -> None:
    """One bar on a logarithmic scale for each group of layers; one that is exactly zero is named so in orange."""
    for place, size in enumerate(sizes.values()):
        if size == 0:
            axes.text(1.6 * SMALLEST, place, "exactly zero", color=ORANGE, va="center")
        else:
            axes.barh(place, size - SMALLEST, left=SMALLEST, color=BLUE)
    axes.set_yticks(range(len(sizes)), labels=list(sizes))
    axes.set(xscale="log", xlim=(SMALLEST, 10), ylim=(len(sizes) - 0.5, -0.5), xlabel="length of the gradient")


def spans(axes: Axes, x: Sequence[float], values: Mapping[str, ArrayLike]) -> None:
    """For each name, values (points, seeds) over x: a line through their means and a band from least to most."""
    for colour, (name, each) in zip((BLUE, ORANGE, GREEN), values.items(), strict=False):
        numbers = np.asarray(each)
        axes.fill_between(x, numbers.min(1), numbers.max(1), color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, numbers.mean(1), ".-", color=colour, label=name)
    axes.legend()
