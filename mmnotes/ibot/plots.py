"""Pictures of the chapter on iBOT. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence
from math import isqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY
from mmnotes.page.plots import GAP, few_shades, montage, two_panels

HOLE = 0.8  # how light a hole is
STATES = (BLUE, ORANGE, GREEN, SKY)


def with_holes(pictures: ArrayLike, masked: ArrayLike) -> np.ndarray:
    """Pictures (scenes, 3, side, side), in few shades, whose masked patches (scenes, patches) are grey."""
    shown, rows = few_shades(pictures), isqrt(np.asarray(masked).shape[1])
    holes = np.asarray(masked).reshape(-1, 1, rows, rows).repeat(shown.shape[-1] // rows, 2)
    return np.where(holes.repeat(shown.shape[-1] // rows, 3), HOLE, shown)


def masks(figure: Figure, pictures: ArrayLike, shares: ArrayLike, *, rival: float) -> None:
    """Pictures with holes (rows, columns, 3, height, width), and a histogram of the shares that are hidden.

    The mean share is an orange line, a rival's a dashed one.
    """
    left, right = two_panels(figure, heights=(3, 2), widths=(3, 2))
    montage(left, pictures)
    left.set_title("shown to the student")
    hidden = np.asarray(shares)
    right.hist(hidden, bins=np.linspace(0, 1, 21).tolist(), weights=np.full(len(hidden), 100 / len(hidden)), color=BLUE)
    right.axvline(float(hidden.mean()), color=ORANGE)
    right.axvline(rival, color="0.5", linewidth=1, linestyle="--")
    right.set(xlim=(0, 1), ylim=(0, 100), xlabel="share hidden", ylabel="% of crops")


def chain(figure: Figure, states: ArrayLike, masked: ArrayLike, known: ArrayLike, losses: Mapping[str, float]) -> None:
    """A chain (patches,) and what is shown of it; below each hole how probable the states are (patches, states); and
    beside them losses as bars.
    """
    left, right = two_panels(figure, heights=(3, 2), widths=(3, 2))
    table, hidden = np.asarray(known), np.asarray(masked)
    for place, state in enumerate(np.asarray(states)):
        left.bar(place, 0.8, bottom=2.4, width=1, color=STATES[state])
        left.bar(place, 0.8, bottom=1.3, width=1, color=str(HOLE) if hidden[place] else STATES[state])
        if hidden[place]:
            left.bar([place] * 4, table[place], bottom=table[place].cumsum() - table[place], width=1, color=STATES)
    left.set(xlim=(-0.5, len(hidden) - 0.5), ylim=(0, 3.2), xticks=[], yticks=[0.5, 1.7, 2.8])
    left.set_yticklabels(["best", "student", "teacher"])
    right.barh([*losses], [*losses.values()], color=[ORANGE, BLUE, "0.6"])
    right.set(xlim=(0, 1.45), xlabel="nats")
    right.invert_yaxis()


def learning(axes: Axes, curves: Mapping[str, ArrayLike], lines: Mapping[str, float], *, every: int) -> None:
    """Losses over steps, each the mean of so many, and dashed lines with their names."""
    for colour, (name, losses) in zip((BLUE, PURPLE, ORANGE), curves.items(), strict=True):
        mean = np.asarray(losses).reshape(-1, every).mean(1)
        axes.plot(every * (np.arange(len(mean)) + 1), mean, color=colour, label=name)
    for name, height in lines.items():
        axes.axhline(height, color="0.6", linewidth=0.8, linestyle="--")
        axes.annotate(name, (1.01, height), xycoords=("axes fraction", "data"), va="center")
    axes.set(xlabel="step", ylabel="loss of a hole")
    axes.legend(loc="center", bbox_to_anchor=(0.6, 0.68))


def namesakes(
    axes: Axes, picture: ArrayLike, boxes: ArrayLike, places: Sequence[tuple[int, int]], *, rows: int
) -> None:
    """A picture (3, height, width), its crops' boxes as left, top, width, height in sides of it, and in each crop the
    patches of these rows and columns, one colour for each place.
    """
    montage(axes, np.asarray(picture)[None, None])
    for box, dash in zip(np.asarray(boxes) * np.asarray(picture).shape[-1], ("-", "--"), strict=True):
        left, top, width, height = box
        corner = GAP - 0.5 + left, GAP - 0.5 + top
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor="white", linewidth=2, linestyle=dash))
        for (row, column), colour in zip(places, (ORANGE, SKY, PURPLE), strict=True):
            patch = corner[0] + width * column / rows, corner[1] + height * row / rows
            axes.add_patch(Rectangle(patch, width / rows, height / rows, facecolor=colour, edgecolor="white"))


def fillings(axes: Axes, pictures: ArrayLike, masked: ArrayLike, asked: ArrayLike, nearest: ArrayLike) -> None:
    """Scenes (scenes, 3, side, side) with holes, and beside each, for four holes asked about (scenes, 4), the patch
    that is there and the nearest ones (scenes, 4, neighbours, 3, patch, patch), a line for each hole in its colour.
    """
    shown, near, places = few_shades(pictures), few_shades(nearest), np.asarray(asked)
    side, patch, neighbours = shown.shape[-1], near.shape[-1], near.shape[2]
    columns, line = side // patch, side // 4
    wide = np.ones((len(shown), 3, side, side + 4 + line * (neighbours + 1) + 4))
    wide[..., :side] = with_holes(pictures, masked)
    for scene, hole in np.ndindex(places.shape):
        row, column = divmod(int(places[scene, hole]), columns)
        truth = shown[scene, :, patch * row : patch * (row + 1), patch * column : patch * (column + 1)]
        for place, tile in enumerate([truth, *near[scene, hole]]):
            left = side + 4 + line * place + 4 * (place > 0)
            enlarged = np.asarray(tile).repeat(line // patch, 1).repeat(line // patch, 2)
            wide[scene, :, line * hole : line * (hole + 1), left : left + line] = enlarged
    montage(axes, wide[:, None])
    for scene, hole in np.ndindex(places.shape):
        row, column = divmod(int(places[scene, hole]), columns)
        top, colour = scene * (side + 2 * GAP) + GAP - 0.5, (ORANGE, PURPLE, GREEN, SKY)[hole]
        for corner, width in (((patch * column, patch * row), patch), ((side + 4, line * hole), line)):
            at = corner[0] + GAP - 0.5, corner[1] + top
            axes.add_patch(Rectangle(at, width, width, fill=False, edgecolor=colour, linewidth=2))
