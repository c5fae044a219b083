"""Pictures of the chapter on block-sparse attention. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE
from mmnotes.page.plots import few_shades, is_narrow

FADE = 0.7  # of what is not read


def read_places(
    figure: Figure, frames: ArrayLike, read: Mapping[str, ArrayLike], asked: Mapping[str, ArrayLike]
) -> None:
    """For each name a strip of frames (frames, height, width, 3), in which what is not read is faded and what asks has
    an orange frame: ``read`` and ``asked`` are shares 0 to 1 (frames, rows, columns).

    Where it is narrow, a strip takes two lines.
    """
    pictures = few_shades(frames)
    lines, columns = (2, len(pictures) // 2) if is_narrow(figure) or len(read) == 1 else (1, len(pictures))
    panels = figure.subplots(lines * len(read), columns, squeeze=False)
    for strip, name in enumerate(read):
        own = panels[strip * lines : (strip + 1) * lines].ravel()
        own[0].set_title(name, fontsize=9, loc="left")
        for axes, picture, share, asks in zip(
            own, pictures, np.asarray(read[name]), np.asarray(asked[name]), strict=True
        ):
            lit = np.asarray(share)[..., None]
            size = picture.shape[0] // lit.shape[0]
            lit = lit.repeat(size, 0).repeat(size, 1)
            axes.imshow(1 - (1 - FADE * (1 - lit)) * (1 - picture), interpolation="none")
            rows, columns_ = np.nonzero(np.asarray(asks))
            if len(rows):
                corner = (size * columns_.min() - 0.5, size * rows.min() - 0.5)
                across, down = size * (np.ptp(columns_) + 1), size * (np.ptp(rows) + 1)
                axes.add_patch(Rectangle(corner, across, down, fill=False, color=ORANGE, linewidth=1.6))
            axes.axis("off")


def recalls(figure: Figure, densities: Sequence[float], panels: Mapping[str, Mapping[str, ArrayLike]]) -> None:
    """For each title a panel; in it for each name the recall (densities, seeds) over the density: a line through the
    means and a band from least to most. Dashed is what blocks drawn at random keep, the density itself.
    """
    every = figure.subplots(1, len(panels), sharey=True)
    for axes, (title, values) in zip(every, panels.items(), strict=True):
        for colour, (name, each) in zip((BLUE, ORANGE, GREEN), values.items(), strict=False):
            numbers = np.asarray(each)
            axes.fill_between(densities, numbers.min(1), numbers.max(1), color=colour, alpha=0.2, linewidth=0)
            axes.plot(densities, numbers.mean(1), ".-", color=colour, label=name)
        axes.plot(densities, densities, color="0.5", linestyle="--", linewidth=1, label="at random")
        axes.set_xscale("log", base=2)
        axes.set_xticks(densities, [f"1/{round(1 / density)}" for density in densities])
        axes.set(title=title, xlabel="density", ylim=(0, 1))
    every[0].set_ylabel("recall")
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, handlelength=1.4)


def attenuations(figure: Figure, frequencies: ArrayLike, factors: Mapping[str, ArrayLike]) -> None:
    """For each name what is left of a turning plane in a mean, over its frequency."""
    axes = figure.subplots()
    for colour, (name, values) in zip((BLUE, GREEN, ORANGE), factors.items(), strict=False):
        axes.semilogx(frequencies, values, color=colour, label=name)
    axes.set(xlabel="radians for one step", ylabel="length that is left", ylim=(0, 1.05))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
