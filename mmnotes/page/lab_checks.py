"""What is asked of a lab before it is shown: functions that take its controls, and controls that do something."""

import inspect
from collections.abc import Callable, Sequence

from mmnotes.page.controls import Value


def check_takes(function: Callable[..., object], name: str, first: list[object], values: dict[str, Value]) -> None:
    """Errors: ValueError where a function cannot be called with the first arguments and every control."""
    try:
        inspect.signature(function).bind(*first, **values)
    except TypeError as error:
        raise ValueError(f"{name}: called with the controls {', '.join(values)}: {error}") from None


def check_moves(key: str, what: str, results: Sequence[object], settings: list[dict[str, Value]]) -> None:
    """A control that moves while what it should change stays the same would be a lie.

    Errors: ValueError where the results are the same wherever the control is, the others standing still.
    """
    by_others: dict[tuple[Value, ...], set[object]] = {}
    for result, values in zip(results, settings, strict=True):
        others = tuple(value for other, value in values.items() if other != key)
        by_others.setdefault(others, set()).add(result)
    if all(len(seen) == 1 for seen in by_others.values()):
        raise ValueError(f"{key}: this control never changes {what}")
