"""Pictures of the chapter on InfoNCE. They draw numbers and know no mechanism."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE

COSINES = LinearSegmentedColormap.from_list("cosines", [ORANGE, "white", BLUE])  # -1 to 1
MOST_PAID = 5  # nats that a bar has room for
BAR = 4.2  # cells that bars and their numbers take


def guesses(figure: Figure, pictures: ArrayLike, captions: Sequence[str], cosines: ArrayLike, odds: ArrayLike) -> None:
    """Pictures (count, 3, height, width) as rows and captions as columns: their cosines, and the probabilities that
    each row gives, its own caption framed; behind them what each row pays for its own, in nats.

    Where the figure is narrow the cosines stand above the rest.
    """
    count, narrow = len(captions), figure.get_figwidth() < figure.get_figheight()
    ends = [count - 0.5 + BAR, count - 0.5 + BAR] if narrow else [count - 0.5, count - 0.5 + BAR]
    shape, ratios = ((2, 1), None) if narrow else ((1, 2), [end + 1.8 for end in ends])
    panels = figure.subplots(*shape, width_ratios=ratios)
    scales, titles = ((COSINES, -1), ("Blues", 0)), ("cosine, −1 to 1", "probability")
    for axes, values, (colours, least), title, end in zip(panels, (cosines, odds), scales, titles, ends, strict=True):
        axes.imshow(np.asarray(values), cmap=colours, vmin=least, vmax=1)
        for row, picture in enumerate(np.asarray(pictures)):
            axes.imshow(picture.transpose(1, 2, 0).clip(0, 1), extent=(-1.7, -0.7, row + 0.5, row - 0.5))
            axes.add_patch(Rectangle((row - 0.5, row - 0.5), 1, 1, fill=False))
        axes.set(xlim=(-1.8, end), ylim=(count - 0.5, -0.5), yticks=[], title=title, anchor="NW")
        axes.set_xticks(range(count), labels=captions, rotation=90)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    paid = -np.log(np.diagonal(np.asarray(odds, dtype=float)).clip(max=1)) + 0.0  # no -0.0
    lengths = paid.clip(max=MOST_PAID) * (BAR - 2) / MOST_PAID
    panels[1].barh(range(count), lengths, left=count - 0.3, height=0.7, color=ORANGE)
    for row, (nats, length) in enumerate(zip(paid, lengths, strict=True)):
        panels[1].text(count - 0.1 + length, row, f"{nats:.1f}", va="center")
    panels[1].set_title("pays, nats", loc="right")


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
        axes.title.set(ha="center", x=0.5, fontsize=10)
        for side in axes.spines.values():
            side.set(visible=place == right, color=ORANGE, linewidth=3)
