"""Pictures of the chapter on the Q-Former. They draw numbers and know no mechanism."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, ORANGE, PALE

GREY = "0.6"


def mask_and_change(
    figure: Figure, mask: ArrayLike, change: ArrayLike, *, names: Sequence[str], changed: Sequence[int]
) -> None:
    """A mask with a name for each row and column, the columns of what has changed in orange, and to the right of each
    row how far it has moved, on a logarithmic scale; a cross where it did not move at all."""
    mask, change = np.asarray(mask), np.asarray(change)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
    shades = mask.astype(int)
    shades[:, list(changed)] *= 2
    colours = ListedColormap([PALE, BLUE, ORANGE])
    left.imshow(shades, vmin=0, vmax=2, cmap=colours, aspect="auto")
    left.set_xticks(range(len(names)), labels=[name.removeprefix("query ") for name in names], rotation=90)
    left.set_yticks(range(len(names)), labels=names)
    left.set_title("may read")
    places, moved = np.arange(len(names)), change > 0
    right.barh(places[moved], np.log10(change[moved]) + 6, left=-6, color=ORANGE)
    right.plot(np.full((~moved).sum(), -5.8), places[~moved], "x", color=GREY)
    right.set_xlim(-6, 1)
    right.set_xticks([-4, 0], labels=["0.0001", "1"])
    right.set_title("it has moved")
    for axes in (left, right):
        axes.tick_params(length=0, labelsize=9)
        axes.set_ylim(len(names) - 0.5, -0.5)
    right.tick_params(labelleft=False)


def attention_over_drawing(figure: Figure, drawing: ArrayLike, weights: ArrayLike) -> None:
    """One panel for each query: the drawing (height, width, channels), veiled where the query looks little.

    ``weights`` are (queries, rows, columns), summing to one over rows and columns. The veil is the same in all panels:
    gone from twice the weight of an even look on, half of the darkest at that weight itself.
    """
    drawing, weights = np.asarray(drawing), np.asarray(weights)
    panels = np.atleast_1d(figure.subplots(2, -(-len(weights) // 2))).flatten()
    extent = (-0.5, drawing.shape[1] - 0.5, drawing.shape[0] - 0.5, -0.5)
    for place, (axes, each) in enumerate(zip(panels, weights, strict=True)):
        axes.imshow(drawing)
        veil = np.zeros((*each.shape, 4))
        veil[..., 3] = 0.9 * (1 - np.clip(each * each.size / 2, 0, 1))
        veil[..., :3] = 0.15
        axes.imshow(veil, extent=extent)
        axes.set_title(f"query {place + 1}")
        axes.axis("off")


def recall_and_wins(
    figure: Figure, counts: Sequence[int], recalls: ArrayLike, wins: ArrayLike, *, pooled: ArrayLike, chosen: int
) -> None:
    """Left: recall (seeds, counts) against the number of queries, the chosen seed in orange, mean pooling as a band.
    Right, or below where the figure is narrow: in what share of the pairs each query was the best."""
    recalls, pooled, wins = np.asarray(recalls), np.asarray(pooled), np.asarray(wins)
    left, right = figure.subplots(*((2, 1) if figure.get_figwidth() < figure.get_figheight() else (1, 2)))
    left.axhspan(pooled.min(), pooled.max(), color=PALE, label="mean pooling")
    for seed, row in enumerate(recalls):
        look = {"color": ORANGE, "zorder": 3, "label": "this seed"} if seed == chosen else {"color": GREY}
        left.plot(range(len(counts)), row, "o-", **look)
    left.legend(loc="lower left")
    left.set_xticks(range(len(counts)), labels=[str(count) for count in counts])
    left.set(xlabel="queries", title="recall at 10, %", ylim=(0, 45))
    right.bar(range(1, len(wins) + 1), 100 * wins, color=BLUE)
    right.set(xlabel="query", title="is the best one, %", ylim=(0, 100))
    right.set_xticks(sorted({1, len(wins)}))
