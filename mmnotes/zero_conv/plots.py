"""Pictures of the chapter on zero convolutions. They draw numbers and know no mechanism."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE

SMALLEST, LARGEST = 1e-8, 10.0  # of the slopes that are drawn


def slopes_by_step(axes: Axes, slopes: Mapping[str, ArrayLike]) -> None:
    """The size of each slope by step, on a logarithmic scale; one that is exactly zero is a ring in a strip below."""
    zero = SMALLEST / 10
    for place, (colour, (name, each)) in enumerate(zip((BLUE, ORANGE, GREEN, PURPLE), slopes.items(), strict=False)):
        sizes, steps = np.abs(np.asarray(each)), np.arange(len(np.asarray(each)))
        awake = sizes != 0
        axes.plot(steps[awake], sizes[awake].clip(SMALLEST, LARGEST), "o-", color=colour, markersize=4, label=name)
        rings = steps[~awake] + 0.12 * (place - 1.5)
        axes.plot(rings, np.full(len(rings), zero), "o", color=colour, markersize=5, fillstyle="none")
    axes.axhspan(zero / 4, zero * 4, color="0.92", zorder=0)
    axes.set(yscale="log", ylim=(zero / 4, LARGEST), xlabel="step", ylabel="size of the slope")
    axes.set_yticks([zero, 1e-6, 1e-3, 1], labels=["0", "1e−6", "1e−3", "1"])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)


def against_nearest(axes: Axes, nearest: ArrayLike, found: Mapping[str, ArrayLike]) -> None:
    """For each name one point a concept: the agreement of a sample over that of the nearest learned outline."""
    for colour, (name, each) in zip((GREEN, ORANGE, BLUE), found.items(), strict=False):
        axes.scatter(nearest, each, s=10, color=colour, label=name)
    axes.axline((1, 1), slope=1, color="0.6", linewidth=0.8)
    axes.set(xlabel="nearest learned outline", ylabel="agreement", xlim=(0.5, 1.02), ylim=(0.3, 1.02))
    axes.legend()
