"""Pictures of the chapter on margin losses. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY

DEGREES = (0, 45, 90, 135, 180)
LOOKS: dict[str, dict[str, Any]] = {
    "margin": {"color": BLUE},
    "straight-through": {"color": ORANGE, "linestyle": "--"},
    "no margin": {"color": "0.6", "linewidth": 1},
}


def angle_picture(
    figure: Figure, degrees: Sequence[float], curves: Mapping[str, Mapping[str, ArrayLike]], *, turn: float
) -> None:
    """Panels over the angle, with curves named as in ``LOOKS``; from the angle ``turn`` on the ground is shaded.

    The last panel has all curves, and their names stand above.
    """
    stacked = figure.get_figwidth() < figure.get_figheight()
    panels = figure.subplots(len(curves), 1, sharex=True) if stacked else figure.subplots(1, len(curves))
    for axes, (title, lines) in zip(panels, curves.items(), strict=True):
        drawn = [axes.plot(degrees, values, **LOOKS[name])[0] for name, values in lines.items()]
        if turn < 180:
            axes.axvspan(turn, 180, color=ORANGE, alpha=0.12, linewidth=0)
        axes.set(title=title, xlim=(0, 180), xticks=DEGREES)
        axes.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    for axes in panels[-1:] if stacked else panels:
        axes.set_xlabel("angle to the own row")
    figure.legend(drawn, [*lines], loc="outside upper center", ncols=3, handlelength=1.4, columnspacing=1)


def boundaries(axes: Axes, degrees: Sequence[float], lines: Mapping[str, ArrayLike]) -> None:
    """For each name the angle to the other row at which both classes draw, over the angle to the own one."""
    looks = (("0.6", "-"), (GREEN, "-"), (BLUE, "-"), (ORANGE, "--"))
    for (colour, style), (name, values) in zip(looks, lines.items(), strict=False):
        axes.plot(degrees, values, color=colour, linestyle=style, label=name)
    axes.set(xlim=(0, 90), ylim=(0, 135), xlabel="angle to the own row", ylabel="angle to the other row")
    axes.set(xticks=(0, 30, 60, 90), yticks=(0, 45, 90, 135))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def threshold(
    figure: Figure, edges: ArrayLike, counts: Mapping[str, ArrayLike], rates: Mapping[str, ArrayLike], *, at: float
) -> None:
    """How scores of same and of different pairs are spread, with a line at the threshold; and the curve of the rates
    far and tar, from threshold to threshold of ``edges``, with a dot there.
    """
    stacked = figure.get_figwidth() < figure.get_figheight()
    left, right = figure.subplots(2, 1) if stacked else figure.subplots(1, 2)
    starts = np.asarray(edges)
    for colour, (name, values) in zip((BLUE, ORANGE), counts.items(), strict=True):
        share = np.asarray(values) / np.sum(np.asarray(values))
        left.stairs(share[:-1], starts, color=colour, fill=True, alpha=0.4, label=name)
    left.axvline(at, color="black", linewidth=1)
    left.set(xlabel="cosine", yticks=[], title="pairs", xlim=(-0.8, 1))
    left.legend(loc="upper left", handlelength=1)
    far, tar = (np.asarray(rates[name]) for name in ("far", "tar"))
    seen = far > 0
    right.semilogx(far[seen], tar[seen], color=BLUE)
    right.semilogx(np.geomspace(1e-4, 1), np.geomspace(1e-4, 1), color="0.6", linewidth=1, linestyle="--")
    place = int(np.abs(starts - at).argmin())
    right.plot([max(far[place], 1e-4)], [tar[place]], "o", color="black", markersize=5)
    right.set(xlim=(1e-4, 1), ylim=(0, 1.02), xlabel="FAR", ylabel="TAR", title="accepted")


def courses(figure: Figure, steps: Sequence[int], angles: Mapping[str, ArrayLike]) -> None:
    """For each name the mean angle to the own row over the steps (seeds, steps): a line for each seed."""
    axes = figure.subplots()
    for colour, (name, values) in zip((PURPLE, SKY, BLUE, ORANGE), angles.items(), strict=False):
        for number, seed in enumerate(np.asarray(values)):
            axes.plot(steps, seed, color=colour, linewidth=1, label=None if number else name)
    axes.set(xlabel="step", ylabel="angle to the own row", xlim=(0, steps[-1]), ylim=(30, 95), yticks=(30, 60, 90))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def descents(figure: Figure, courses: Mapping[str, ArrayLike], *, turn: float) -> None:
    """For each name a panel: angles over steps (starts, steps), a line for each start, the ground shaded beyond
    ``turn``.
    """
    panels = figure.subplots(1, len(courses), sharey=True)
    for axes, (name, values) in zip(panels, courses.items(), strict=True):
        for course in np.asarray(values):
            axes.plot(course, color=ORANGE if course[-1] > course[0] else BLUE, linewidth=1)
        axes.axhspan(turn, 180, color=ORANGE, alpha=0.12, linewidth=0)
        axes.set(title=name, xlabel="step", ylim=(0, 180), yticks=DEGREES, xlim=(0, np.shape(values)[1] - 1))
    panels[0].set_ylabel("angle to the own row")
