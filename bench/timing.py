"""Measuring side by side, so that what else the machine is doing hits both sides."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from torch.profiler import ProfilerActivity, profile

Action = Callable[[], Any]


class Row(NamedTuple):
    """One line of the table, ready to print."""

    what: str
    ours: str
    other: str
    ratio: str
    aim: str


def race(what: str, ours: Action, other: Action, *, aim: str, repeats: int = 7) -> Row:
    """Run both in turn, once to warm up and then `repeats` times, and compare the medians."""
    seconds: tuple[list[float], list[float]] = [], []
    for repeat in range(repeats + 1):
        for action, taken in zip((ours, other), seconds, strict=True):
            start = time.perf_counter()
            action()
            if repeat:
                taken.append(time.perf_counter() - start)
    ratio = statistics.median(seconds[1]) / statistics.median(seconds[0])
    return Row(what, spread(seconds[0]), spread(seconds[1]), f"{ratio:.2f}", aim)


def spread(seconds: list[float]) -> str:
    """Median, least and most, in milliseconds."""
    middle, least, most = (1e3 * pick(seconds) for pick in (statistics.median, min, max))
    return f"{middle:.1f} ms ({least:.1f} to {most:.1f})"


def peak_bytes(action: Action) -> int:
    """The most memory that torch held at once for what the action made.

    Torch's profiler records every request for memory, also those within an operation, and every release.
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        action()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most
