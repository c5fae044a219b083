"""A number that a reader can set in a lab."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import ipywidgets  # type: ignore[import-untyped]
import numpy as np

Value = int | float | str | bool  # of any control
FEWEST_STOPS = 5  # of a slider; among fewer a reader chooses
STEPS = 200  # of a slider over real numbers


@dataclass(frozen=True)
class Numeric:
    """A slider over numbers: integers if the grid and the live range are, else real numbers.

    The book offers the values of `grid`, as a menu if they are fewer than five; a live kernel everything between
    the two ends of `live`, on a logarithmic scale if `log` is set. `play` adds a button that steps through the
    grid, for a control that is a course of time. `unit` is shown and read out behind the number.

    Errors: ValueError if the grid has fewer than two values, does not increase, or leaves `live`; if the
    default is not in it; if a logarithmic range starts at or below zero; or if a menu is to play.
    """

    label: str
    grid: Iterable[Any]
    default: int | float
    live: tuple[int | float, int | float]
    log: bool = False
    play: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        grid, live = list(self.grid), list(self.live)
        whole = not self.log and all(isinstance(number, Integral) for number in [*grid, *live])
        grid, live = ([int(x) if whole else float(x) for x in numbers] for numbers in (grid, live))
        if len(grid) < 2 or any(not low < high for low, high in itertools.pairwise(grid)):
            raise ValueError(f"grid: at least two increasing numbers are needed, got {grid}")
        if not (live[0] <= grid[0] and grid[-1] <= live[1] and all(map(math.isfinite, live))):
            raise ValueError(f"live: {tuple(live)} does not hold the grid from {grid[0]} to {grid[-1]}")
        if self.log and live[0] <= 0:
            raise ValueError(f"live: a logarithmic range starts above zero, got {live[0]}")
        if self.default not in grid:
            raise ValueError(f"default: {self.default} is not in the grid {grid}")
        if self.play and len(grid) < FEWEST_STOPS:
            raise ValueError(f"play: a slider with at least {FEWEST_STOPS} stops is needed, the grid has {len(grid)}")
        object.__setattr__(self, "grid", tuple(grid))
        object.__setattr__(self, "live", tuple(live))
        object.__setattr__(self, "default", grid[grid.index(self.default)])

    @property
    def values(self) -> tuple[Value, ...]:
        """The numbers the book has pictures for, smallest first."""
        return tuple(self.grid)

    @property
    def reach(self) -> tuple[Value, ...]:
        """All the numbers of the live range that a slider stops at, with the grid among them, smallest first."""
        low, high = self.live
        if isinstance(self.default, int):
            return tuple(range(int(low), int(high) + 1))
        stops = (np.geomspace if self.log else np.linspace)(low, high, STEPS + 1)[1:-1]
        return tuple(sorted({low, high, *self.grid, *(float(f"{stop:.4g}") for stop in stops)}))

    def text(self, value: Value) -> str:
        """A value as the reader sees and hears it."""
        number = value if isinstance(value, int) else float(f"{value:.4g}")
        digits = f"{round(number):,}" if number == round(number) else np.format_float_positional(number)
        return f"{digits} {self.unit}".strip()

    def widget(self) -> ipywidgets.ValueWidget:
        """A slider over the whole live range."""
        low, high = self.live
        label = f"{self.label} ({self.unit})" if self.unit else self.label
        if self.log:
            low, high = math.log10(low), math.log10(high)
            step = (high - low) / STEPS
            return ipywidgets.FloatLogSlider(self.default, min=low, max=high, step=step, description=label)
        if isinstance(self.default, int):
            return ipywidgets.IntSlider(self.default, min=low, max=high, description=label)
        step = (high - low) / STEPS
        return ipywidgets.FloatSlider(self.default, min=low, max=high, step=step, description=label)
