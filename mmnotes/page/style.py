"""The common look and set-up of every chapter."""

import matplotlib.style
import torch
from cycler import cycler

from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY

_STYLE = {
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, SKY]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "figure.figsize": (5.6, 2.9),  # small, so that letters are still read at the width of a phone
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "figure.dpi": 160,
    "image.cmap": "Blues",
    "legend.frameon": False,
}


def set_up() -> None:
    """Settings of a chapter: the book's look for figures, and one thread.

    For models as small as these, one thread is several times faster than two on most processors, and the order of
    the sums, hence every printed digit, stays the same.
    """
    matplotlib.style.use(["default", _STYLE])  # whatever the reader's own matplotlibrc says
    torch.set_num_threads(1)
