"""Pictures of the chapter on InfoNCE. They draw numbers and know no mechanism."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE


def estimates(axes: Axes, truth: ArrayLike, means: ArrayLike, spreads: ArrayLike, *, ceiling: float) -> None:
    """Estimates over what is true, with bars for their spread, the diagonal in grey and the ceiling in orange."""
    truth = np.asarray(truth)
    axes.plot(truth, truth, color="0.6", label="the truth")
    axes.axhline(ceiling, color=ORANGE, label="log N")
    axes.errorbar(truth, np.asarray(means), np.asarray(spreads), fmt="o", color=BLUE, label="log N - L")
    axes.set(xlabel="mutual information, nats", ylabel="nats", ylim=(-3, truth.max() + 0.3))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)


def sweep(figure: Figure, settings: Sequence[float], scores: dict[str, ArrayLike], gaps: dict[str, ArrayLike]) -> None:
    """Scores and gaps (settings, seeds) of each start over a logarithmic axis: a line of means, a dot for each seed."""
    panels = figure.subplots(1, 2)
    for axes, rows, title in zip(panels, (scores, gaps), ("mean reciprocal rank, %", "gap"), strict=True):
        for (start, values), colour in zip(rows.items(), (BLUE, ORANGE), strict=True):
            axes.semilogx(settings, np.asarray(values).mean(1), color=colour, label=start)
            axes.semilogx(settings, np.asarray(values), ".", color=colour)
        axes.set(xlabel="temperature τ", title=title)
    panels[1].set_ylim(0, 2)
    panels[1].legend(title="started")


def clouds(figure: Figure, images: ArrayLike, texts: ArrayLike, pairs: ArrayLike, others: ArrayLike) -> None:
    """Two clouds of points (count, 2) in the unit disc, and what share of pairs and of all others has which cosine."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    for points, name, colour in ((images, "drawings", BLUE), (texts, "captions", ORANGE)):
        left.plot(*np.asarray(points).T, ".", markersize=3, color=colour, label=name)
    left.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xlabel="set apart along here")
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    bins = np.linspace(-1, 1, 41)
    for values, name, colour in ((others, "all others", "0.6"), (pairs, "pairs", GREEN)):
        shares = np.full(np.asarray(values).size, 1 / np.asarray(values).size)
        right.hist(np.asarray(values), bins, weights=shares, color=colour, alpha=0.7, label=name)
    right.set(xlabel="cosine", xlim=(-1, 1), ylim=(0, 0.25), ylabel="share")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)


def nearest(figure: Figure, pictures: ArrayLike, captions: Sequence[str], *, right: int | None) -> None:
    """Pictures (count, 3, height, width) in two rows, nearest first, each with a caption; the right one framed."""
    pictures = np.asarray(pictures)
    for place, axes in enumerate(figure.subplots(2, len(pictures) // 2).flat):
        axes.imshow(pictures[place].transpose(1, 2, 0), interpolation="nearest")
        axes.set(xticks=[], yticks=[], title=captions[place])
        axes.title.set(ha="center", x=0.5, fontsize=9)
        for side in axes.spines.values():
            side.set(visible=place == right, color=ORANGE, linewidth=3)


def matrices(figure: Figure, values: dict[str, ArrayLike]) -> None:
    """Square matrices of cosines side by side on one scale of blues."""
    panels = figure.subplots(1, len(values))
    for axes, (title, matrix) in zip(panels, values.items(), strict=True):
        shown = axes.imshow(np.asarray(matrix), vmin=-0.3, vmax=1, cmap="Blues")
        axes.set(xticks=[], yticks=[], title=title, xlabel="drawings")
    panels[0].set_ylabel("captions")
    figure.colorbar(shown, ax=panels, shrink=0.8, label="cosine")
