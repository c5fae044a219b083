"""Pictures of the chapter on Qwen3-VL: boards with what is read of them, answers, accuracies, accounts."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PALE

WASHED = 0.75  # how far a patch that nobody reads goes to white
GREYS = ("0.75", "0.55", "0.35")


def read_board(axes: Axes, picture: ArrayLike, weights: ArrayLike) -> None:
    """A picture (3, height, width) in which tokens are the paler the less of them is read.

    ``weights`` (rows, columns) are shares of what is read of the picture.
    """
    pixels, shares = np.asarray(picture).transpose(1, 2, 0), np.asarray(weights)
    shares = shares / max(float(shares.max()), 1e-9)
    side = pixels.shape[0] // shares.shape[0]
    washed = WASHED * (1 - shares.repeat(side, 0).repeat(side, 1))[..., None]
    axes.imshow(pixels * (1 - washed) + washed, interpolation="none")
    axes.axis("off")


def answers(axes: Axes, words: Sequence[str], chances: Mapping[str, Sequence[float]], *, right: str) -> None:
    """The probability of each word, a bar for each name of ``chances``; the right word is green."""
    high = 0.8 / len(chances)
    for place, (name, each) in enumerate(chances.items()):
        rows = np.arange(len(words)) + high * (place - (len(chances) - 1) / 2)
        colours = [GREEN if word == right else BLUE for word in words]
        axes.barh(rows, each, height=0.9 * high, color=colours, alpha=1 if place == len(chances) - 1 else 0.35)
        if len(chances) > 1:
            axes.text(1.0, rows[-1], name, ha="right", va="center", fontsize=8)
    axes.set(yticks=range(len(words)), yticklabels=words, xlim=(0, 1), xticks=[0, 0.5, 1], xlabel="probability")
    axes.invert_yaxis()


def accuracies(axes: Axes, kinds: Sequence[str], shares: Mapping[str, ArrayLike], *, chance: Sequence[float]) -> None:
    """For each condition, the shares (kinds, seeds) of right answers: a bar to the mean, a dot for each seed."""
    wide = 0.8 / len(shares)
    for place, (name, each) in enumerate(shares.items()):
        values = np.asarray(each)
        x = np.arange(len(kinds)) + wide * (place - (len(shares) - 1) / 2)
        colour = (BLUE, ORANGE, *GREYS)[place]
        axes.bar(x, values.mean(1), width=0.9 * wide, color=colour, label=name)
        axes.plot(x, values, ".", color="black", markersize=2)
    for place, share in enumerate(chance):
        label = "chance" if not place else None
        axes.plot([place - 0.45, place + 0.45], [share, share], "--", color="black", linewidth=1, label=label)
    axes.set(xticks=range(len(kinds)), xticklabels=kinds, ylim=(0, 1), ylabel="right answers")


def weights_by_row(axes: Axes, rows: Sequence[str], totals: Sequence[float], met: Sequence[float]) -> None:
    """Of each row of an account, the weights in all, pale, and those that a word meets, in thousand millions."""
    places = np.arange(len(rows))
    axes.barh(places, totals, color=PALE, edgecolor="0.6", label="in all")
    axes.barh(places, met, color=BLUE, height=0.5, label="met by a word")
    axes.set(yticks=places, yticklabels=rows, xscale="symlog", xlabel="thousand millions of weights")
    axes.invert_yaxis()
    axes.legend(loc="lower right", fontsize=8)
