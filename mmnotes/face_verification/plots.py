"""Pictures of the chapter on face verification. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE

SHADES = 15  # steps of a colour: a frame of the book has few colours in all
FINEST = 110  # pixels of a side of a picture in a lab


def photo(axes: Axes, picture: ArrayLike, *, title: str = "") -> None:
    """A picture (3, height, width), values from 0 to 1, without axes."""
    axes.imshow(np.asarray(picture).transpose(1, 2, 0).clip(0, 1), interpolation="none")
    axes.axis("off")
    axes.set_title(title)


def coarse_photo(axes: Axes, picture: ArrayLike, *, title: str = "") -> None:
    """The same with few pixels and colours, at its place among the coordinates of the whole picture."""
    pixels = np.asarray(picture)
    step = max(1, -(-max(pixels.shape[1:]) // FINEST))
    rows, columns = (side // step * step for side in pixels.shape[1:])
    blocks = pixels[:, :rows, :columns].reshape(3, rows // step, step, columns // step, step).mean((2, 4))
    few = np.round(SHADES * blocks.clip(0, 1)) / SHADES
    axes.imshow(few.transpose(1, 2, 0), interpolation="none", extent=(-0.5, columns - 0.5, rows - 0.5, -0.5))
    axes.axis("off")
    axes.set_title(title)


def boxes(axes: Axes, corners: ArrayLike, *, colour: str = ORANGE, width: float = 1.0) -> None:
    """Frames of boxes (boxes, 4): left, top, right, bottom."""
    for left, top, right, bottom in np.asarray(corners).reshape(-1, 4):
        corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=width))


def dots(axes: Axes, points: ArrayLike) -> None:
    """Points (any, 2) that stand out from skin and shadow."""
    x, y = np.asarray(points).reshape(-1, 2).T
    axes.plot(x, y, "o", color=ORANGE, markersize=5, markeredgecolor="white", markeredgewidth=0.8)


def steps(figure: Figure, picture: ArrayLike, found: Mapping[str, ArrayLike], *, landmarks: ArrayLike) -> None:
    """A picture once for each name, with the boxes that are left; with the last, points (5, 2) besides."""
    panels = figure.subplots(1, len(found))
    for axes, (name, corners) in zip(panels, found.items(), strict=True):
        photo(axes, picture, title=f"{name}: {len(np.asarray(corners))}")
        boxes(axes, corners, width=min(1.5, 20 / len(np.asarray(corners))) + 0.3)
        axes.set(xlim=(-0.5, np.asarray(picture).shape[2] - 0.5), ylim=(np.asarray(picture).shape[1] - 0.5, -0.5))
    dots(panels[-1], landmarks)


def gallery(figure: Figure, pictures: Mapping[str, ArrayLike]) -> None:
    """Pictures side by side with their names."""
    for axes, (name, picture) in zip(np.atleast_1d(figure.subplots(1, len(pictures))), pictures.items(), strict=True):
        photo(axes, picture, title=name)


def compared(
    figure: Figure,
    picture: ArrayLike,
    chip: ArrayLike | None,
    distances: Mapping[str, float],
    *,
    threshold: float,
    corners: ArrayLike,
    points: ArrayLike,
) -> None:
    """A changed picture with boxes (boxes, 4) and points (any, 2), the chip, and a scale with the distances from it.

    The first distance is blue, the second orange; left of the threshold is shaded.
    """
    panels = figure.subplot_mosaic([["picture", "chip"], ["scale", "scale"]], height_ratios=(3, 1))
    coarse_photo(panels["picture"], picture)
    boxes(panels["picture"], corners, width=1.5)
    dots(panels["picture"], points)
    if chip is None:
        panels["chip"].text(0.5, 0.5, "no face\nfound", ha="center", va="center", transform=panels["chip"].transAxes)
        panels["chip"].axis("off")
    else:
        coarse_photo(panels["chip"], chip)
    scale(panels["scale"], distances, threshold=threshold)


def scale(axes: Axes, distances: Mapping[str, float], *, threshold: float) -> None:
    """Distances as dots on a line from 0 to 1, the part up to the threshold shaded."""
    axes.axvspan(0, threshold, color=BLUE, alpha=0.12, linewidth=0)
    axes.axvline(threshold, color="0.4", linewidth=1, linestyle="--")
    for colour, (name, distance) in zip((BLUE, ORANGE), distances.items(), strict=True):
        axes.plot([distance], [0], "o", color=colour, label=name, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(-1, 1), yticks=[], xlabel="distance")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handletextpad=0)


def passing(axes: Axes, rows: Mapping[str, Sequence[ArrayLike]], *, threshold: float, label: str) -> None:
    """For each name a row: dots at the distances of the same person, blue, and of another, orange; the threshold."""
    for place, pairs in enumerate(rows.values()):
        for colour, aside, distances in zip((BLUE, ORANGE), (-0.15, 0.15), map(np.asarray, pairs), strict=True):
            axes.plot(distances, np.full(len(distances), place + aside), "o", color=colour, markersize=3.5, alpha=0.7)
    axes.axvspan(0, threshold, color=BLUE, alpha=0.12, linewidth=0)
    axes.axvline(threshold, color="0.4", linewidth=1, linestyle="--")
    axes.set(yticks=range(len(rows)), yticklabels=[*rows], ylim=(len(rows) - 0.5, -0.5), xlabel=label)
    axes.set_xlim(left=0)


def curves(axes: Axes, x: Sequence[float], lines: Mapping[str, ArrayLike], *, threshold: float, label: str) -> None:
    """Distances over x, one line for each name, gaps where there is none; and the threshold."""
    for colour, (name, values) in zip((BLUE, ORANGE, GREEN, PURPLE), lines.items(), strict=False):
        axes.plot(x, np.asarray(values), ".-", color=colour, label=name)
    axes.axhline(threshold, color="0.4", linewidth=1, linestyle="--")
    axes.set(xlabel=label, ylabel="distance", ylim=(0, None))
    axes.legend()
