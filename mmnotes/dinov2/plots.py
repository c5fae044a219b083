"""Pictures of the chapter on DINOv2. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE


def circle(
    figure: Figure,
    angles: ArrayLike,
    clusters: ArrayLike,
    prototypes: ArrayLike,
    curves: Mapping[str, tuple[ArrayLike, Mapping[str, float]]],
    *,
    steps: Sequence[float],
    step: float,
) -> None:
    """Points on a circle by their angles, coloured by cluster, with a spoke to each prototype; and for each name of
    ``curves`` a panel with its values over steps, a dot at one step, and a dashed line for each rival that is named.
    """
    stacked = figure.get_figwidth() < figure.get_figheight()
    letters = "ABCD"[: len(curves)]
    layout = ["o", *letters] if stacked else [f"o{letter}" for letter in letters]
    places = figure.subplot_mosaic(";".join(layout), height_ratios=[4, *[1.5] * len(curves)] if stacked else None)
    axes, turns, own = places["o"], np.asarray(angles), np.asarray(clusters)
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor="0.85", linewidth=0.8))
    for number, (colour, turn) in enumerate(zip((BLUE, ORANGE, GREEN, PURPLE), np.asarray(prototypes), strict=True)):
        axes.plot(*np.outer([np.cos(turn), np.sin(turn)], [0.25, 0.82]), color=colour, linewidth=1.5)
        mine = turns[own == number]
        axes.plot(np.cos(mine), np.sin(mine), "o", color=colour, markersize=5, alpha=0.6, markeredgewidth=0)
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    axes.axis("off")
    for letter, (name, (values, rivals)) in zip(letters, curves.items(), strict=True):
        panel, heights = places[letter], np.asarray(values)
        top = 1.15 * max([heights.max(), *rivals.values()])
        panel.plot(steps, heights, color=BLUE)
        panel.plot([step], [heights[list(steps).index(step)]], "o", color=BLUE, clip_on=False)
        for rival, height in rivals.items():
            panel.axhline(height, color="0.6", linewidth=0.8, linestyle="--")
            panel.text(steps[-1], height + 0.02 * top, rival, color="0.4", ha="right", va="bottom")
        panel.set(ylim=(0, top), xlim=(steps[0], steps[-1]), title=name)
    panel.set_xlabel("step")


def targets(figure: Figure, tables: Mapping[str, ArrayLike]) -> None:
    """Targets (pictures, prototypes) side by side: from 0 to 1 blue, from 0 down to the lowest entry of all orange."""
    signed = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
    panels = figure.subplots(1, len(tables), sharey=True)
    arrays = {name: np.asarray(table) for name, table in tables.items()}
    lowest = min(-0.05, *(table.min() for table in arrays.values()))
    for axes, (name, table) in zip(panels, arrays.items(), strict=True):
        drawn = axes.imshow(table, cmap=signed, norm=TwoSlopeNorm(0, lowest, 1), aspect="auto", interpolation="none")
        axes.set(xticks=[], yticks=[], xlabel="prototypes", title=name)
    panels[0].set_ylabel("pictures")
    figure.colorbar(drawn, ax=panels, ticks=[lowest, 0, 1], format="%.1f", aspect=12)


def packing(figure: Figure, read: Mapping[str, ArrayLike], *, lengths: Sequence[int]) -> None:
    """For each name who reads whom (tokens, tokens) in one packed row, in eight steps of the square root, with lines
    where a sequence of these lengths ends.
    """
    edges = np.cumsum(lengths)[:-1] - 0.5
    for axes, (name, table) in zip(figure.subplots(1, len(read)), read.items(), strict=True):
        weights = np.sqrt(np.asarray(table))
        axes.imshow(np.round(7 * weights / weights.max()) / 7, cmap="Blues", vmin=0, vmax=1, interpolation="none")
        for edge, line in product(edges, (axes.axhline, axes.axvline)):
            line(edge, color="0.75", linewidth=0.5)
        axes.set(xticks=[], yticks=[], xlabel="is read", ylabel="reads", title=name)


def depth(figure: Figure, given: ArrayLike, *, shown: int = 24) -> None:
    """How often its branch each picture was given (draws, pictures): the first draws as a table, and averages over more
    and more draws, grey, with that of all pictures, blue. What a branch should count on average, 1, is dashed.
    """
    stacked = figure.get_figwidth() < figure.get_figheight()
    left, right = figure.subplots(2, 1, height_ratios=(2, 3)) if stacked else figure.subplots(1, 2)
    times = np.asarray(given)
    left.imshow(times[:shown].T > 0, cmap="Blues", vmin=0, vmax=1.6, aspect="auto", interpolation="none")
    left.set(xticks=[], yticks=[], xlabel="draws", ylabel="pictures", title="blue: computed")
    draws = 1 + np.arange(len(times))
    averages = times.cumsum(0) / draws[:, None]
    right.plot(draws, averages, color="0.75", linewidth=0.8)
    right.plot(draws, averages.mean(1), color=BLUE, linewidth=3)  # seen below the dashes
    right.axhline(1, color=ORANGE, linewidth=1, linestyle="--")
    right.set(xscale="log", xlim=(1, len(times)), ylim=(-0.05, 3), xlabel="draws")
    right.set_title("times the branch, on average")
