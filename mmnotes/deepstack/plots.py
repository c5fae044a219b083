"""Pictures of the chapter on DeepStack. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY

LEAST, MOST = 0.01, 30.0  # of what is drawn as a shade, on a logarithmic scale
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY)


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
    words. A frame marks the index; a shade is the logarithm of the distance, and white is exactly zero.
    """
    before, behind = words
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.7))
    shades = _shades(np.asarray(moved, dtype=float))
    grey = np.asarray(picture).mean(0)
    left.imshow(grey, cmap="Greys_r", vmin=-0.6, vmax=1.4)
    tokens = shades[index, before : shades.shape[1] - behind].reshape(rows, -1)
    side = grey.shape[0] // rows
    over = np.kron(tokens, np.ones((side, side)))
    left.imshow(np.ones_like(over), cmap="autumn", vmin=1, vmax=3, alpha=0.75 * over)
    left.axis("off")
    left.set_title(f"after {index} layer{'s' * (index != 1)}" if index else "at the input", fontsize=10)
    right.imshow(shades, cmap="Reds", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
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
    """0 for exactly zero, else from 0.15 to 1 with the logarithm."""
    share = np.log(np.maximum(moved, LEAST) / LEAST) / np.log(MOST / LEAST)
    return np.where(moved > 0, 0.15 + 0.85 * share.clip(0, 1), 0.0)


def readable(
    axes: Axes, bound: tuple[ArrayLike, ArrayLike], points: Mapping[str, tuple[float, Sequence[float], str]]
) -> None:
    """The most that so many numbers could tell, as a line, and what some tell: name -> numbers, shares, side.

    The name of a point stands to its left or right.
    """
    axes.plot(*(np.asarray(each) for each in bound), color="0.6", label="the best so many")
    for colour, (name, (numbers, shares, side)) in zip(
        (PURPLE, ORANGE, BLUE, BLUE, BLUE, GREEN), points.items(), strict=True
    ):
        axes.plot([numbers] * len(shares), shares, "o", color=colour, markersize=5)
        across = -7 if side == "right" else 7
        axes.annotate(
            name, (numbers, float(np.mean(shares))), (across, 0), textcoords="offset points", ha=side, va="center",
            fontsize=9, color=colour,
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks([8, 32, 128, 512], ["8", "32", "128", "512"])
    axes.set(xlabel="numbers for a square of 768 pixel values", ylabel="explained of the detail", ylim=(0, 1.02))
    axes.legend(loc="upper left")


def by_layer(axes: Axes, curves: Mapping[str, ArrayLike]) -> None:
    """For each name, how much can be read once so many layers have been passed."""
    for colour, (name, values) in zip(COLOURS, curves.items(), strict=False):
        axes.plot(np.asarray(values), "o-", color=colour, label=name, markersize=4)
    axes.set(xlabel="layers passed", xticks=range(len(np.asarray(next(iter(curves.values()))))))


def changed(figure: Figure, pictures: Sequence[ArrayLike], maps: Mapping[str, ArrayLike]) -> None:
    """Two pictures (3, height, width), and maps (rows, columns) of how much a token changes from one to the other.

    Shades are shares of the largest change in any map.
    """
    panels = figure.subplots(1, 2 + len(maps))
    for axes, picture, title in zip(panels[:2], pictures, ("before", "after"), strict=True):
        axes.imshow(np.asarray(picture).clip(0, 1).transpose(1, 2, 0), interpolation="nearest")
        axes.set_title(title, fontsize=9)
    most = max(float(np.asarray(each).max()) for each in maps.values())
    for axes, (title, each) in zip(panels[2:], maps.items(), strict=True):
        axes.imshow(np.asarray(each), cmap=colormaps["Reds"], vmin=0, vmax=most)
        axes.set_title(title, fontsize=9)
    for axes in panels:
        axes.set(xticks=[], yticks=[])
