"""Pictures of the chapter on Qwen3-VL: boards with what is read of them, answers, accuracies, accounts."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PALE

WASHED = 0.75  # how far a patch that nobody reads goes to white
PALER = 0.35  # bars of all names but the last
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


def answers(axes: Axes, words: Sequence[str], chances: Mapping[str, ArrayLike], *, right: str) -> None:
    """The probability of each word, a bar for each name of ``chances``; the right word is green."""
    high, handles = 0.8 / len(chances), []
    for place, (name, each) in enumerate(chances.items()):
        rows = np.arange(len(words)) + high * (place - (len(chances) - 1) / 2)
        colours = [GREEN if word == right else BLUE for word in words]
        alpha = 1 if place == len(chances) - 1 else PALER
        axes.barh(rows, np.asarray(each), height=0.9 * high, color=colours, alpha=alpha)
        handles.append(Patch(color="black", alpha=alpha, label=name))
    axes.set(yticks=range(len(words)), yticklabels=words, xlim=(0, 1), xticks=[0, 0.5, 1], xlabel="probability")
    axes.invert_yaxis()
    if len(chances) > 1:
        axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), handlelength=1)


def accuracies(axes: Axes, kinds: Sequence[str], shares: Mapping[str, ArrayLike], *, constant: ArrayLike) -> None:
    """For each condition, the shares (kinds, seeds) of right answers: a bar to the mean, a dot for each seed.

    ``constant`` (kinds) are the shares of an answer that is always the same, a dashed line.
    """
    wide = 0.8 / len(shares)
    for place, (name, each) in enumerate(shares.items()):
        values = np.asarray(each)
        x = np.arange(len(kinds)) + wide * (place - (len(shares) - 1) / 2)
        colour = (BLUE, ORANGE, *GREYS)[place]
        axes.bar(x, values.mean(1), width=0.9 * wide, color=colour, label=name)
        axes.plot(x, values, ".", color="black", markersize=2)
    for place, share in enumerate(np.asarray(constant)):
        label = "without looking" if not place else None
        axes.plot([place - 0.45, place + 0.45], [share, share], "--", color="black", linewidth=1, label=label)
    axes.set(xticks=range(len(kinds)), xticklabels=kinds, ylim=(0, 1), ylabel="right answers")


def weights_by_row(axes: Axes, rows: Sequence[str], totals: Sequence[float], met: Sequence[float]) -> None:
    """Of each row of an account, the weights in all, pale, and those that a word meets, in billions."""
    places = np.arange(len(rows))
    axes.barh(places, totals, color=PALE, edgecolor="0.6", label="in all")
    axes.barh(places, met, color=BLUE, height=0.5, label="met by a word")
    axes.set(yticks=places, yticklabels=rows, xscale="log", xlim=(1e-3, 1e3), xlabel="billion weights")
    axes.invert_yaxis()
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=2)
