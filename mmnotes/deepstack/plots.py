"""Pictures of the chapter on DeepStack. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE

MOST = 100.0  # the distance that is drawn in full colour
COLOURS = (BLUE, ORANGE, GREEN)


def pair(figure: Figure, pictures: Sequence[ArrayLike], titles: Sequence[str]) -> None:
    """Pictures (3, height, width), values 0 to 1, side by side under their titles."""
    for axes, picture, title in zip(figure.subplots(1, len(pictures)), pictures, titles, strict=True):
        axes.imshow(np.asarray(picture).clip(0, 1).transpose(1, 2, 0), interpolation="nearest")
        axes.set_title(title, fontsize=10)
        axes.axis("off")


def arrivals(
    figure: Figure, picture: ArrayLike, moved: ArrayLike, *, index: int, rows: int, words: tuple[int, int]
) -> None:
    """How far states (indices, positions) have moved, as shades, and those of one index over the picture (3, h, w).

    Positions are words before the picture, its tokens row by row, and words behind it; ``words`` counts both kinds of
    words. A frame marks the index; white is exactly zero.
    """
    before, behind = words
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.7))
    shades = _shades(np.asarray(moved, dtype=float))
    grey = np.asarray(picture).mean(0)
    left.imshow(grey, cmap="Greys_r", vmin=-0.6, vmax=1.3)
    tokens = shades[index, before : shades.shape[1] - behind].reshape(rows, -1)
    side = grey.shape[0] // rows
    left.imshow(np.ones_like(grey), cmap=ListedColormap([ORANGE]), alpha=np.kron(tokens, np.ones((side, side))))
    left.axis("off")
    left.set_title(f"layers passed: {index}", fontsize=10)
    right.imshow(
        np.ones_like(shades), cmap=ListedColormap([ORANGE]), alpha=shades, aspect="auto", interpolation="nearest"
    )
    right.add_patch(
        Rectangle((-0.5, index - 0.5), shades.shape[1], 1, fill=False, edgecolor=BLUE, linewidth=2, clip_on=False)
    )
    for edge in (before, shades.shape[1] - behind):
        right.axvline(edge - 0.5, color="0.4", linewidth=0.8, linestyle=":")
    middles = [before / 2, (before + shades.shape[1] - behind) / 2, shades.shape[1] - behind / 2]
    right.set_xticks([middle - 0.5 for middle in middles], ["words", "picture", "words"])
    right.set_yticks(range(len(shades)))
    right.set_ylabel("layers passed")
    right.tick_params(length=0)
    right.invert_yaxis()


def _shades(moved: np.ndarray) -> np.ndarray:
    """0 for exactly zero, else from 0.1 to 1."""
    return np.where(moved > 0, 0.1 + 0.9 * (moved / MOST).clip(0, 1), 0.0)


def readable(
    axes: Axes, bound: tuple[ArrayLike, ArrayLike], points: Mapping[str, tuple[float, Sequence[float], str]]
) -> None:
    """The most that so many numbers could tell, as a line, and what some tell: name -> numbers, shares, alignment.

    A name ends at the left of its point, begins at the right of it, or stands centred below.
    """
    axes.plot(*(np.asarray(each) for each in bound), color="0.6", label="the best so many")
    places = {"right": (-8, 0), "left": (8, 0), "center": (0, -13)}
    for name, (numbers, shares, aligned) in points.items():
        colour = BLUE if "level" in name or "token" in name else ORANGE
        axes.plot([numbers] * len(shares), shares, "o", color=colour, markersize=5)
        axes.annotate(
            name,
            (numbers, float(np.mean(shares))),
            places[aligned],
            textcoords="offset points",
            ha=aligned,
            va="center",
            fontsize=9,
            color=colour,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks([8, 32, 128, 512], ["8", "32", "128", "512"])
    axes.set(xlabel="numbers for a square of 768 pixel values", ylabel="explained of the detail", ylim=(0, 1.02))
    axes.set_xlim(7, 1250)
    axes.legend(loc="upper left")


def by_layer(axes: Axes, curves: Mapping[str, ArrayLike]) -> None:
    """For each name, how much can be read once so many layers have been passed."""
    for colour, (name, values) in zip(COLOURS, curves.items(), strict=False):
        axes.plot(np.asarray(values), "o-", color=colour, label=name, markersize=4)
    axes.set(xlabel="layers passed", xticks=range(len(np.asarray(next(iter(curves.values()))))))


def shares(axes: Axes, values: Sequence[ArrayLike], *, rows: Sequence[str], columns: Sequence[str]) -> None:
    """A table of shares (rows, columns), the darker the larger."""
    table = np.array([np.asarray(row) for row in values]).clip(0)
    axes.imshow(table, cmap="Oranges", vmin=0, vmax=0.7, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    for (row, column), share in np.ndenumerate(table):
        axes.text(
            column, row, f"{share:.2f}", ha="center", va="center", fontsize=9, color="white" if share > 0.4 else "black"
        )
