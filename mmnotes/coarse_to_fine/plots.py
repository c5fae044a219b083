"""Pictures of the chapter on coarse to fine. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE
from mmnotes.page.plots import is_narrow, montage

BARS = {"error": ("error to the film", 0.5), "sharpness": ("sharpness", 1.6)}  # what a bar's scale is called; its end


def strips(figure: Figure, rows: Mapping[str, ArrayLike], measures: Mapping[str, Mapping[str, float]]) -> None:
    """A named strip for each row; beside it, where it has measures, a bar for each.

    On a phone a strip has every other frame, and the bars are words.
    """
    narrow = is_narrow(figure)
    grid = figure.subplots(len(rows), 1 if narrow else 2, width_ratios=None if narrow else (5, 1), squeeze=False)
    for (name, frames), panels in zip(rows.items(), grid, strict=True):
        montage(panels[0], np.asarray(frames)[None, :: 2 if narrow else 1])
        found = measures.get(name, {})
        words = ", ".join(f"{measure} {value:.2f}" for measure, value in found.items()) if narrow else ""
        panels[0].set_title(f"{name}   {words}".strip(), loc="left", pad=2)
        if not narrow:
            _bars(panels[1], found)


def _bars(axes: Axes, found: Mapping[str, float]) -> None:
    """A bar for each measure over its own scale, with its number."""
    axes.set(xlim=(0, 1), ylim=(-0.6, 1.6), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for place, (measure, value) in enumerate(found.items()):
        _, end = BARS[measure]
        axes.barh(1 - place, min(value / end, 1), 0.22, color=(ORANGE, BLUE)[place])
        axes.text(0, 1.14 - place, f"{measure} {value:.2f}", va="bottom")


def hidden(figure: Figure, powers: Mapping[str, ArrayLike], *, noise: float, first: int, threshold: float) -> None:
    """Powers of the waves of each name over the ring, scaled by what is left of the film at a threshold, against the
    power of the noise there; the rings from ``first`` on, which a draft cannot hold, on a band.
    """
    axes = figure.subplots()
    for colour, (name, values) in zip((BLUE, GREEN), powers.items(), strict=False):
        rings = np.arange(len(np.asarray(values)))
        axes.semilogy(rings[1:], np.asarray(values)[1:], ".-", color=colour, label=name)
    axes.axhline(noise, color=ORANGE, label="noise")
    axes.axvspan(first, len(rings) - 1, color="0.5", alpha=0.15, linewidth=0)
    axes.text(first + 0.2, 5e-5, "not in the draft", va="bottom")
    axes.set(xlim=(1, len(rings) - 1), ylim=(3e-5, 300), xlabel="waves across the picture", ylabel="power")
    axes.set_title(f"threshold {threshold:.2f}")
    axes.legend(loc="upper right")


def courses(
    figure: Figure,
    over: Sequence[float],
    panels: Mapping[str, Mapping[str, ArrayLike]],
    levels: Mapping[str, Mapping[str, float]],
    *,
    label: str,
) -> None:
    """For each panel and name, values (points, seeds): a line through their means in a band from least to most; dashed
    lines at the panel's levels.
    """
    drawn = np.atleast_1d(figure.subplots(1, len(panels)))
    for axes, (title, lines) in zip(drawn, panels.items(), strict=True):
        for colour, (name, values) in zip((BLUE, ORANGE), lines.items(), strict=False):
            each = np.asarray(values)
            axes.fill_between(over, each.min(1), each.max(1), color=colour, alpha=0.2, linewidth=0)
            axes.plot(over, each.mean(1), ".-", color=colour, label=name)
        for style, (name, level) in zip(("--", ":"), levels[title].items(), strict=False):
            axes.axhline(level, color="0.5", linestyle=style, label=name)
        axes.set(title=title, xlabel=label, ylim=(0, None))
    handles, labels = drawn[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
