"""What a reader can set in a lab: a number, one of a few words, or a switch.

Every control knows two ranges: `values`, the few the built book has a picture for, and `reach`, what its ipywidgets
slider reaches where a kernel, or the page itself, draws on demand.
"""

from dataclasses import dataclass

import ipywidgets  # type: ignore[import-untyped]

from mmnotes.page.numeric import FEWEST_STOPS, Numeric, Value

__all__ = ["FEWEST_STOPS", "Choice", "Control", "Numeric", "Switch", "Value"]


@dataclass(frozen=True)
class Choice:
    """A menu of a few words; the first is the default unless another is named.

    The book offers the `options`; a live kernel adds those of `live`.

    Errors: ValueError if there are fewer than two different options or the default is not one of them.
    """

    label: str
    options: list[str]
    default: str = ""
    live: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"options: at least two different words are needed, got {self.options}")
        object.__setattr__(self, "default", self.default or self.options[0])
        if self.default not in self.options:
            raise ValueError(f"default: {self.default!r} is not one of the options {self.options}")

    @property
    def values(self) -> tuple[Value, ...]:
        """The options in the order given."""
        return tuple(self.options)

    @property
    def reach(self) -> tuple[Value, ...]:
        """The options, and after them those of a live kernel."""
        return (*self.options, *(word for word in self.live if word not in self.options))

    def text(self, value: Value) -> str:
        """An option as the reader sees and hears it."""
        return str(value)

    def widget(self) -> ipywidgets.ValueWidget:
        """A menu."""
        return ipywidgets.Dropdown(options=self.reach, value=self.default, description=self.label)


@dataclass(frozen=True)
class Switch:
    """A box to tick."""

    label: str
    default: bool = False

    @property
    def values(self) -> tuple[Value, ...]:
        """Off, then on."""
        return (False, True)

    @property
    def reach(self) -> tuple[Value, ...]:
        """The same."""
        return self.values

    def text(self, value: Value) -> str:
        """The state as the reader sees and hears it."""
        return "on" if value else "off"

    def widget(self) -> ipywidgets.ValueWidget:
        """A checkbox."""
        return ipywidgets.Checkbox(self.default, description=self.label, indent=False)


Control = Numeric | Choice | Switch
