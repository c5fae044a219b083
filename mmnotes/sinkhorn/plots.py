"""Pictures that several cells of a chapter share. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, ORANGE


def matrix_with_sums(
    figure: Figure, matrix: ArrayLike, *, masses: tuple[float, float], labels: tuple[Sequence[str], Sequence[str]]
) -> None:
    """A small matrix as numbers on shades of blue, its column sums above it and its row sums to the right as bars.

    ``masses`` are what each row sum and each column sum should be, drawn as orange lines. ``labels`` name the rows and
    the columns.
    """
    values = np.asarray(matrix)
    height, width = values.shape
    panels = figure.subplot_mosaic([["above", "."], ["middle", "right"]], height_ratios=(1, 1.6), width_ratios=(3, 1))
    darkest = max(1.5, float(values.max()))
    panels["middle"].imshow(values, vmin=0, vmax=darkest, aspect="auto", cmap="Blues")
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if value > 0.6 * darkest else "black"
        panels["middle"].text(column, row, f"{value:.2f}", color=ink, ha="center", va="center")
    panels["middle"].set_yticks(range(height), labels[0])
    panels["middle"].set_xticks(range(width), labels[1])
    panels["above"].bar(range(width), values.sum(0), color=BLUE)
    panels["above"].axhline(masses[1], color=ORANGE)
    panels["above"].set(xlim=(-0.5, width - 0.5), ylim=(0, 3.6 * masses[1]), title="column sums", xticks=[])
    panels["right"].barh(range(height), values.sum(1), color=BLUE)
    panels["right"].axvline(masses[0], color=ORANGE)
    panels["right"].set(ylim=(height - 0.5, -0.5), xlim=(0, 2 * masses[0]), title="row sums", yticks=[])
    panels["above"].set_yticks([0, masses[1]])
    panels["right"].set_xticks([0, masses[0]])
    panels["middle"].tick_params(length=0)


def loads(
    axes: Axes, measured: ArrayLike, wanted: ArrayLike, *, pictures: ArrayLike, before: ArrayLike | None = None
) -> None:
    """One bar for each prototype, its wanted load as an orange line across it, its picture below.

    ``before`` adds the loads of an earlier assignment as grey outlines behind the bars.
    """
    measured, wanted = np.asarray(measured), np.asarray(wanted)
    places = np.arange(len(measured))
    if before is not None:
        axes.bar(places, np.asarray(before), width=0.9, color="0.85", label="nearest prototype")
    axes.bar(places, measured, width=0.6, color=BLUE, label="assigned")
    axes.hlines(wanted, places - 0.45, places + 0.45, color=ORANGE, linewidth=2, label="wanted")
    axes.set(xlim=(-0.6, len(measured) - 0.4), xticks=[], ylabel="digits")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, handlelength=1, columnspacing=1)
    strip = axes.inset_axes((0, -0.17, 1, 0.15))
    strip.imshow(np.hstack(_framed(pictures)), cmap="Greys", aspect="auto")
    strip.axis("off")


def convergence(
    axes: Axes,
    steps: Sequence[int],
    dots: Mapping[str, Sequence[float]],
    line: Mapping[str, Sequence[float]],
) -> None:
    """Errors over steps on a logarithmic scale: the first dots in blue, further ones in grey, and an orange line."""
    for place, (label, values) in enumerate(dots.items()):
        axes.semilogy(steps, values, ".", color="0.6" if place else BLUE, label=label)
    for label, values in line.items():
        axes.semilogy(steps, values, color=ORANGE, label=label)
    axes.set(xlabel="rounds", ylabel="error of the worst row", ylim=(1e-14, 2))
    axes.legend(loc="lower left")


def _framed(pictures: ArrayLike) -> list[np.ndarray]:
    """The pictures with a white line around each."""
    return list(np.pad(np.asarray(pictures), ((0, 0), (1, 1), (1, 1))))
