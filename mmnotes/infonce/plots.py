"""Pictures of the chapter on InfoNCE. They draw numbers and know no mechanism."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, ORANGE


def estimates(axes: Axes, truth: ArrayLike, means: ArrayLike, spreads: ArrayLike, *, ceiling: float) -> None:
    """Estimates over what is true, with bars for their spread, the diagonal in grey and the ceiling in orange."""
    truth = np.asarray(truth)
    axes.plot(truth, truth, color="0.6", label="the truth")
    axes.axhline(ceiling, color=ORANGE, label="log N")
    axes.errorbar(truth, np.asarray(means), np.asarray(spreads), fmt="o", color=BLUE, label="log N - L")
    axes.set(xlabel="mutual information, nats", ylabel="nats", ylim=(-3, truth.max() + 0.3))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)


def sweep(
    figure: Figure,
    settings: Sequence[float],
    scores: ArrayLike,
    across: Sequence[float],
    up: Sequence[float],
    *,
    chosen: int,
) -> None:
    """Scores (settings, seeds) over a logarithmic axis, beside the path of two further measures of each setting.

    The setting at place ``chosen`` is orange in both.
    """
    scores = np.asarray(scores)
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    left.semilogx(settings, scores.mean(1), color=BLUE)
    left.semilogx(settings, scores, ".", color="0.6")
    left.semilogx(settings[chosen], scores.mean(1)[chosen], "o", color=ORANGE, markersize=9)
    left.set(xlabel="temperature τ", title="mean reciprocal rank, %")
    right.plot(across, up, ".-", color=BLUE)
    right.plot(across[chosen], up[chosen], "o", color=ORANGE, markersize=9)
    right.set(xlabel="alignment", title="uniformity")


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
