"""Pictures that several chapters share. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY

GAP = 2  # white pixels between two pictures
STEPS = 5  # from no light to full light of a colour


def montage(axes: Axes, pictures: ArrayLike) -> None:
    """Pictures (rows, columns, 3, height, width), values 0 to 1, laid out in a grid with white gaps."""
    tiles = np.pad(np.asarray(pictures), [(0, 0)] * 3 + [(GAP, GAP)] * 2, constant_values=1)
    rows, columns, channels, height, width = tiles.shape
    axes.imshow(tiles.transpose(0, 3, 1, 4, 2).reshape(rows * height, columns * width, channels), interpolation="none")
    axes.axis("off")


def few_shades(pictures: ArrayLike) -> np.ndarray:
    """Pictures in six shades of each colour. A lab's frame has 128 colours in all, and what is drawn beside pictures of
    many more would lose its own: a grey bar turns lilac.
    """
    shades: np.ndarray = np.round(STEPS * np.asarray(pictures)) / STEPS
    return shades


def two_panels(
    figure: Figure, *, heights: tuple[float, float], widths: tuple[float, float] = (1, 1)
) -> tuple[Axes, Axes]:
    """Two panels side by side; where the figure is narrow one below the other, each as wide as the figure."""
    if is_narrow(figure):
        (upper,), (lower,) = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)
        return upper.subplots(), lower.subplots()
    left, right = figure.subplots(1, 2, width_ratios=widths)
    return left, right


def is_narrow(figure: Figure) -> bool:
    """Whether the figure is one for a phone."""
    return bool(figure.get_figwidth() < figure.get_figheight())


def mean_and_range(axes: Axes, x: Sequence[float], values: Mapping[str, ArrayLike]) -> None:
    """For each name, values (points, seeds) over x: a line through their means and a band from least to most."""
    for colour, (name, each) in zip((BLUE, ORANGE, GREEN), values.items(), strict=False):
        numbers = np.asarray(each)
        axes.fill_between(x, numbers.min(1), numbers.max(1), color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, numbers.mean(1), ".-", color=colour, label=name)
    axes.legend()


def ways_and_seeds(
    figure: Figure,
    measures: Mapping[str, Mapping[str, ArrayLike]],
    baselines: Mapping[str, Mapping[str, float]],
    *,
    chosen: str,
    seed: int,
) -> None:
    """For each measure a panel; in it a row for each way, with a dot for each seed and a bar at their mean, those of
    the chosen way blue on a band and the others grey; a line through the dots of one seed, and a dashed line at each of
    the measure's baselines. Where it is narrow, two panels lie side by side.

    Ways are in the order of the first measure; NaN is a seed that a way lacks. Of baselines there are at most four
    names in all.
    """
    columns = 2 if is_narrow(figure) else len(measures)
    panels = figure.subplots(-(-len(measures) // columns), columns, sharey=True, squeeze=False).ravel()
    for axes in panels[len(measures) :]:
        axes.remove()
    names = [*next(iter(measures.values()))]
    rivals = dict.fromkeys(rival for each in baselines.values() for rival in each)
    colours, lines = dict(zip(rivals, (ORANGE, GREEN, PURPLE, SKY), strict=False)), {}
    for axes, (measure, values) in zip(panels, measures.items(), strict=False):
        table = np.stack([np.asarray(values[name]) for name in names])
        axes.plot(table[:, seed], range(len(names)), color=BLUE, linewidth=1, alpha=0.6)
        for row, (name, seeds) in enumerate(zip(names, table, strict=True)):
            colour = BLUE if name == chosen else "0.6"
            axes.plot(seeds, np.full(len(seeds), row), "o", color=colour, markersize=4)
            axes.plot([np.nanmean(seeds)] * 2, [row - 0.3, row + 0.3], color=colour, linewidth=2)
        for rival, at in baselines[measure].items():
            lines[rival] = axes.axvline(at, color=colours[rival], linewidth=1, linestyle="--")
        axes.axhspan(names.index(chosen) - 0.45, names.index(chosen) + 0.45, color=BLUE, alpha=0.1, linewidth=0)
        axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5), xlabel=measure)
        axes.margins(x=0.1)
        axes.locator_params(axis="x", nbins=3, steps=[1, 2, 5, 10])  # few and short numbers: they lie side by side
    figure.legend([*lines.values()], [*lines], loc="outside upper right", ncols=2, handlelength=1.2)
