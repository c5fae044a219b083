"""What only touches the page: labs, figures, the common set-up of a chapter."""

from mmnotes.page import clip_plots, flow_plots, infonce_plots, plots
from mmnotes.page.controls import Choice, Numeric, Switch
from mmnotes.page.figures import BLUE, GREEN, ORANGE, PURPLE, SKY, set_up
from mmnotes.page.lab import Lab

__all__ = [
    "BLUE",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "SKY",
    "Choice",
    "Lab",
    "Numeric",
    "Switch",
    "clip_plots",
    "flow_plots",
    "infonce_plots",
    "plots",
    "set_up",
]
