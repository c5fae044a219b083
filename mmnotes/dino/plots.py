"""Pictures of the chapter on DINO. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE
from mmnotes.page.plots import GAP, few_shades, montage, two_panels

PATCH = 8  # pixels


def course(
    figure: Figure, steps: Sequence[float], heights: ArrayLike, answers: ArrayLike, *, most: float, known: float
) -> None:
    """How three entropies (3, steps) went, and the answers (clusters, prototypes) that they ended in.

    The gap above is shaded blue and what it could be, ``known``, is a line; ``most`` is the largest entropy there is.
    """
    upper, lower = two_panels(figure, heights=(3, 2))
    of_one, of_cluster, of_all = np.asarray(heights)
    upper.fill_between(steps, of_cluster, of_all, color=BLUE, alpha=0.25, linewidth=0)
    upper.fill_between(steps, of_one, of_cluster, color="0.85", linewidth=0)
    upper.plot(steps, of_all, color=BLUE)
    upper.plot(steps, of_one, color=ORANGE)
    upper.plot(steps, of_cluster, color="0.5", linewidth=1)
    upper.set(xlabel="step", ylim=(-0.1, most + 0.1), yticks=[0, known, most], yticklabels=["0", "log 8", "log 64"])
    upper.set_xlim(steps[0], steps[-1])
    upper.set_title("entropy")
    upper.grid(axis="y", color="0.8", linewidth=0.5)
    table = np.asarray(answers)
    lower.imshow(table[:, np.argsort(-table.max(0))[:24]], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    lower.set(xticks=[], yticks=[], xlabel="prototypes", ylabel="clusters", title="answers at the end")


def near(
    figure: Figure,
    pictures: Sequence[ArrayLike],
    places: Sequence[int],
    on_object: ArrayLike,
    rates: Mapping[str, float],
    *,
    chosen: str,
    chance: float,
) -> None:
    """Six scenes (3, height, width), in each a patch framed: that which is asked about, black, and the nearest, blue
    on an object and orange elsewhere; and a rate for each name as bars, the chosen one blue, with a line at chance.
    """
    left, right = two_panels(figure, heights=(5, 4), widths=(2, 1))
    shown = few_shades(np.stack([np.asarray(each) for each in pictures]))
    montage(left, shown.reshape(2, 3, *shown.shape[1:]))
    side, colours = shown.shape[-1], ["black", *(BLUE if hit else ORANGE for hit in np.asarray(on_object))]
    for number, (place, colour) in enumerate(zip(places, colours, strict=True)):
        tile, patch = np.divmod(number, 3), np.divmod(int(place), side // PATCH)
        top, begin = (side + 2 * GAP) * np.array(tile) + PATCH * np.array(patch) + GAP - 1.5
        left.add_patch(Rectangle((begin, top), PATCH + 2, PATCH + 2, fill=False, edgecolor=colour, linewidth=2))
    right.barh([*rates], [*rates.values()], color=[BLUE if name == chosen else "0.75" for name in rates])
    right.axvline(chance, color="0.4", linewidth=1, linestyle="--")
    right.set(xlim=(0, 0.6), title="nearest on an object")
    right.invert_yaxis()


def crops(axes: Axes, pictures: Sequence[ArrayLike], boxes: ArrayLike) -> None:
    """Versions of a picture (3, height, width) side by side, and the boxes (versions, crops, 4) of their crops.

    A box is left, top, width and height in sides of the picture; the first is the global crop, drawn thick.
    """
    side = np.asarray(pictures[0]).shape[-1]
    montage(axes, np.stack([np.asarray(each) for each in pictures])[None])
    for place, own in enumerate(side * np.asarray(boxes)):
        for number, (left, top, width, height) in enumerate(own):
            corner = (place * (side + 4) + 2 + left - 0.5, 2 + top - 0.5)
            colour, thick = (BLUE, 1.2) if number else (ORANGE, 2.2)
            box = Rectangle(corner, width, height, fill=False, edgecolor=colour, linewidth=thick)
            box.set_path_effects([withStroke(linewidth=thick + 1.6, foreground="white")])  # seen on any ground
            axes.add_patch(box)


def runs(figure: Figure, curves: Mapping[str, tuple[Sequence[float], ArrayLike, ArrayLike]], *, most: float) -> None:
    """For each name a panel: over steps the mean entropy of a target, orange, and the entropy of their mean, blue.

    ``most`` is the largest entropy there is.
    """
    panels = figure.subplots(1, len(curves), sharey=True)
    for axes, (name, (steps, of_one, of_all)) in zip(panels, curves.items(), strict=True):
        axes.fill_between(steps, of_one, of_all, color=BLUE, alpha=0.25, linewidth=0)
        axes.plot(steps, of_all, color=BLUE)
        axes.plot(steps, of_one, color=ORANGE)
        axes.axhline(most, color="0.6", linewidth=0.8, linestyle="--")
        axes.set(xlabel="step", ylim=(0, 1.05 * most), title=name)
    panels[0].set_ylabel("entropy")


def attention(
    figure: Figure, pictures: ArrayLike, maps: ArrayLike, areas: Mapping[int, ArrayLike], *, step: int, rival: float
) -> None:
    """Pictures (scenes, 3, height, width), below them the map of each head (scenes, heads, rows, columns), 0 to 1; and
    the areas of all heads and of their mean, the last, over steps, with dots at one step and a line at a rival's.

    Maps have eight steps, and pictures few shades.
    """
    left, right = two_panels(figure, heights=(3, 2), widths=(3, 2))
    shown, heads = few_shades(pictures), np.round(7 * np.asarray(maps)) / 7
    patch = shown.shape[-1] // heads.shape[-1]
    coloured = colormaps["Blues"](np.kron(heads, np.ones((patch, patch))))[..., :3].transpose(1, 0, 4, 2, 3)
    montage(left, np.concatenate([shown[None], coloured]))
    places, table = [*areas], np.stack([np.asarray(each) for each in areas.values()])
    right.plot(places, table[:, :-1], color="0.7", linewidth=1)
    right.plot(places, table[:, -1], color=BLUE)
    right.plot([step], [table[places.index(step), -1]], "o", color=BLUE)
    right.axhline(rival, color=ORANGE, linewidth=1)
    right.axhline(0.5, color="0.6", linewidth=0.8, linestyle="--")
    right.set(xlabel="step", ylim=(0.2, 0.8), title="AUC")


def generations(axes: Axes, sizes: Mapping[float, ArrayLike], factors: Mapping[float, float]) -> None:
    """For each temperature, sizes over generations as dots, and a line that shrinks or grows by its factor in each."""
    for colour, (tau, size) in zip((ORANGE, PURPLE, GREEN, BLUE), sizes.items(), strict=True):
        values = np.asarray(size)
        steps = np.arange(len(values))
        axes.semilogy(steps, values[0] * factors[tau] ** steps, color=colour, linewidth=0.8, linestyle="--")
        axes.semilogy(steps, values, "o", color=colour, markersize=4, label=f"{tau}")
    axes.set(xlabel="generation of the teacher", ylabel="pictures' own part")
    axes.legend(title="τ of the teacher", loc="center left", bbox_to_anchor=(1, 0.5))
