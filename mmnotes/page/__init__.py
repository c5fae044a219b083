"""What only touches the page: labs, figures, exercises, the common set-up of a chapter."""

from mmnotes.page.controls import Choice, Numeric, Switch
from mmnotes.page.diagram import Diagram
from mmnotes.page.exercises import check
from mmnotes.page.formula import Dragged, Formula
from mmnotes.page.lab import Lab
from mmnotes.page.palette import BLUE, GREEN, ORANGE, PURPLE, SKY
from mmnotes.page.plots import ways_and_seeds
from mmnotes.page.style import set_up

__all__ = [
    "BLUE",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "SKY",
    "Choice",
    "Diagram",
    "Dragged",
    "Formula",
    "Lab",
    "Numeric",
    "Switch",
    "check",
    "set_up",
    "ways_and_seeds",
]
