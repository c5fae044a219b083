"""Pictures of the chapter on continuing a film. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE
from mmnotes.page.plots import GAP, is_narrow, montage

PHONE, AHEAD = 4, 3  # inches; frames of a track after the given ones
LOOKS: dict[str, dict[str, Any]] = {
    "network": {"color": BLUE},
    "two at a time": {"color": GREEN},
    "stands still": {"color": "0.6", "linestyle": ":"},
    "last speed goes on": {"color": ORANGE, "linestyle": "--"},
    "nearest film": {"color": PURPLE, "linestyle": "-."},
}


def strips(figure: Figure, rows: Mapping[str, ArrayLike], *, given: int) -> None:
    """For each name the frames (frames, 3, height, width) of a film in a row, with a line behind the given ones.

    On a phone each row of frames is broken in two.
    """
    parts = 2 if figure.get_figwidth() < PHONE else 1
    panels = np.atleast_1d(figure.subplots(len(rows), 1))
    for axes, (name, frames) in zip(panels, rows.items(), strict=True):
        pictures = np.asarray(frames)
        montage(axes, pictures.reshape(parts, -1, *pictures.shape[1:]))
        axes.set_title(name, loc="left", fontsize=8, pad=2)
        high, wide = pictures.shape[-2] + 2 * GAP, pictures.shape[-1] + 2 * GAP
        row, column = divmod(given, len(pictures) // parts)
        if given:
            axes.plot([column * wide - 0.5] * 2, [row * high, row * high + high - 1], color=ORANGE, linewidth=2)


def tracks(figure: Figure, truth: ArrayLike, drawn: ArrayLike, *, given: int, room: int) -> None:
    """For each film a room with the way of its sprite, truth (films, frames, 2) in grey, and with those that were
    drawn (samples, films, frames, 2), up to a few frames after the given ones, which are dots.
    """
    known, every = np.asarray(truth), np.asarray(drawn)
    shape = (2, 2) if is_narrow(figure) else (1, len(known))
    for number, axes in enumerate(figure.subplots(*shape).flat):
        for sample in every[:, number]:
            late = sample[given - 1 : given + AHEAD]
            axes.plot(late[:, 1], late[:, 0], color=BLUE, linewidth=0.8, alpha=0.6)
            axes.plot(late[-1, 1], late[-1, 0], ".", color=ORANGE, markersize=5)
        way = known[number, : given + AHEAD]
        axes.plot(way[:, 1], way[:, 0], color="0.5", linewidth=3, alpha=0.5, zorder=0)
        axes.plot(way[:given, 1], way[:given, 0], "o", color=GREEN, markersize=4)
        axes.set(xlim=(-1, room + 1), ylim=(room + 1, -1), aspect="equal", xticks=[], yticks=[])


def errors(figure: Figure, curves: Mapping[str, Mapping[str, ArrayLike]]) -> None:
    """A panel for each title: for each name, as in ``LOOKS``, the error in pixels (seeds, frames) after so many frames.

    Lines are means over seeds, the band goes from the least to the most.
    """
    shape = (len(curves), 1) if is_narrow(figure) else (1, len(curves))
    panels = np.atleast_1d(figure.subplots(*shape, sharey=True, sharex=True))
    for axes, (title, lines) in zip(panels, curves.items(), strict=True):
        for name, values in lines.items():
            error_line(axes, np.atleast_2d(np.asarray(values)), name)
        axes.set(title=title, xlabel="frames after the given", ylim=(0, None))
    panels[0].set_ylabel("pixels off")
    figure.legend(*panels[-1].get_legend_handles_labels(), loc="outside upper center", ncols=2)


def error_line(axes: Axes, values: np.ndarray, name: str) -> None:
    """The mean of values (seeds, frames) and their range."""
    after = np.arange(1, values.shape[1] + 1)
    axes.fill_between(after, values.min(0), values.max(0), alpha=0.2, linewidth=0, color=LOOKS[name]["color"])
    axes.plot(after, values.mean(0), label=name, **LOOKS[name])


def drift(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    """For each name a number over the frames of a long film."""
    for colour, (name, values) in zip((BLUE, "0.6", ORANGE), curves.items(), strict=False):
        axes.plot(range(1, len(values) + 1), values, color=colour, label=name)
    axes.set(xlabel="frame drawn", ylim=(0, None))
    axes.legend()
