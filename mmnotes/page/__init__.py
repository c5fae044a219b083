"""What only touches the page: labs, figures, the common set-up of a chapter."""

from mmnotes.page.controls import Choice, Numeric, Switch
from mmnotes.page.figures import set_up
from mmnotes.page.lab import Lab

__all__ = ["Choice", "Lab", "Numeric", "Switch", "set_up"]
