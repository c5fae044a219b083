"""Pictures of the chapter on Flow-GRPO. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY
from mmnotes.page.plots import few_shades, is_narrow, montage

COLOURS = (BLUE, GREEN, ORANGE, PURPLE, SKY, "0.6")
REACH = 4.0  # of the plane, to the left and right of its middle
BEYOND = 7.0  # to the right, where tuning may lead


def plane(axes: Axes, points: ArrayLike, centres: ArrayLike, *, right: float = REACH) -> None:
    """Points (points, 2) orange, over the centres where the data are; what lies beyond the picture is drawn at its
    border.
    """
    shown = np.clip(np.asarray(points), [-REACH, -REACH], [right, REACH])
    axes.plot(*np.asarray(centres).T, "o", color="0.8", markersize=15, zorder=0)
    axes.plot(*shown.T, ".", color=ORANGE, markersize=3)
    axes.set(xlim=(-REACH, right + 0.1), ylim=(-REACH, REACH), aspect="equal")
    axes.axis("off")


def rounds(axes: Axes, counts: Sequence[int], curves: Mapping[str, ArrayLike], *, at: int) -> None:
    """Curves over rounds, with a line at the round that is looked at."""
    for colour, (name, values) in zip((BLUE, ORANGE, GREEN), curves.items(), strict=False):
        axes.plot(counts, np.asarray(values), ".-", color=colour, label=name)
    axes.axvline(at, color="black", linewidth=1)
    axes.set(xlabel="rounds", ylim=(-0.15, 0.65), xticks=counts)
    axes.legend(loc="upper left", fontsize="small")


def drawn_and_measured(
    figure: Figure, pictures: ArrayLike, counts: Sequence[int], curves: Mapping[str, ArrayLike], *, at: int
) -> None:
    """Pictures (rows, columns, 3, height, width), and beside them, or below, their curves over rounds."""
    if is_narrow(figure):
        upper, lower = figure.subplots(2, 1, height_ratios=(1, 0.9))
    else:
        upper, lower = figure.subplots(1, 2, width_ratios=(1.5, 1))
    montage(upper, few_shades(pictures))
    rounds(lower, counts, curves, at=at)


def marginals(axes: Axes, edges: ArrayLike, counts: Mapping[str, ArrayLike], density: ArrayLike) -> None:
    """Shares of samples between edges as steps, and the density that they should have as a line."""
    places = np.asarray(edges)
    for colour, (name, values) in zip(COLOURS, counts.items(), strict=False):
        shares = np.asarray(values) / np.sum(np.asarray(values)) / np.diff(places)
        axes.stairs(shares, places, color=colour, label=name, linewidth=1.5)
    axes.plot((places[1:] + places[:-1]) / 2, np.asarray(density), color="black", linewidth=1, label="data")
    axes.set(xlabel="$x_0$", ylabel="density")
    axes.legend(loc="upper left", fontsize="small")


def trades(
    axes: Axes, ways: Mapping[str, tuple[ArrayLike, ArrayLike]], points: Mapping[str, tuple[float, float]]
) -> None:
    """For each way and seed (seeds, rounds) two measures as a line from its first round to its last, and single points
    with a name.
    """
    for colour, (name, (across, up)) in zip(COLOURS, ways.items(), strict=False):
        for number, (x, y) in enumerate(zip(np.asarray(across), np.asarray(up), strict=True)):
            axes.plot(x, y, ".-", color=colour, linewidth=1, markersize=4, label=None if number else name)
            axes.plot(x[-1:], y[-1:], "o", color=colour, markersize=6)
    for name, (at, high) in points.items():
        axes.plot([at], [high], "k+", markersize=9)
        axes.annotate(name, (at, high), textcoords="offset points", xytext=(6, 4), fontsize="small")
    axes.set(xlabel="blueness", ylabel="likeness")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
