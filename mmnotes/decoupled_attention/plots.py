"""Pictures of the chapter on decoupled attention. They draw numbers and know no mechanism."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmnotes.page.palette import BLUE, ORANGE
from mmnotes.page.plots import mean_and_range, montage


def shares(axes: Axes, measured: ArrayLike, *, expected: float) -> None:
    """How a weight between 0 and 1 is spread over many queries, and an orange line where it is expected."""
    axes.hist(np.asarray(measured), bins=np.linspace(0, 1, 41).tolist(), color=BLUE)
    axes.axvline(expected, color=ORANGE, linewidth=2)
    axes.set(xlim=(0, 1), xlabel="weight of the image", ylabel="queries", yticks=[])


def weights(axes: Axes, one: float, scale: float) -> None:
    """What text and image are multiplied with: in one softmax, where they share, and in two."""
    text, image = np.array([1 - one, 1.0]), np.array([one, scale])
    axes.barh(["one softmax", "two"], text, color="0.7", label="text")
    axes.barh(["one softmax", "two"], image, left=text, color=BLUE, label="image")
    axes.set(xlim=(0, 3), ylim=(1.5, -0.5), xticks=[0, 1, 2, 3], xlabel="weight")
    axes.legend(loc="upper right")


def prompt_and_samples(figure: Figure, shown: ArrayLike, text: str, drawn: ArrayLike) -> None:
    """The picture that was shown (3, height, width), and what was drawn for it and a text (even, 3, height, width)."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    samples = np.asarray(drawn)
    montage(left, np.asarray(shown)[None, None])
    montage(right, samples.reshape(2, -1, *samples.shape[1:]))
    left.set_title("picture shown")
    right.set_title(f"text: {text}")


def adherence(axes: Axes, scales: Sequence[float], shares: Mapping[str, ArrayLike], *, chance: float) -> None:
    """Shares (scales, seeds) over the scale: the mean as a line, all seeds as a band, chance as a dotted line."""
    mean_and_range(axes, scales, shares)
    axes.axhline(chance, color="0.5", linestyle=":")
    axes.set(xlabel="scale of the image", ylim=(0, 1))
    axes.legend(loc="upper right")
