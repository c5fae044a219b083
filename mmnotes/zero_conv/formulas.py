"""The numbers of the lab that the page computes, by the package's own function."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmnotes.page.formula import Dragged, Formula
from mmnotes.zero_conv.pixel import PARTS, pixel_descent

NEVER = -1
CHAIN = ("hint", "w0", "w1", "x", "w", "w2", "goal")  # from the hint to the goal, as the numbers of a start stand


def waking(starts: Mapping[str, Sequence[float]]) -> Formula:
    """Weights, slopes and output of the one-pixel network at every step, from named starts.

    What is dragged is added to the start.
    """

    def numbers(start: str, rate: float, steps: int, moved: list[float]) -> dict[str, Any]:
        begun = [each + by for each, by in zip(starts[start], moved, strict=True)]
        weights, slopes, output = from_chain(begun, rate=rate, steps=steps)
        return {"begun": begun, "weights": weights, "slopes": slopes, "output": output}

    dragged = {"moved": Dragged([0.0] * len(CHAIN), -3.0, 3.0)}
    return Formula(Path(__file__).with_name("waking.js"), numbers, {"starts": starts}, dragged)


def from_chain(begun: Sequence[float], *, rate: float, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """The pixel's descent from numbers in the order of the chain."""
    hint, w0, w1, x, w, w2, goal = begun
    start = torch.tensor([w2, w, w1, w0], dtype=torch.float64)
    return pixel_descent(start, x=x, hint=hint, target=goal, rate=rate, steps=steps)


def wakes(slopes: Tensor) -> str:
    """In words: before which step's update each weight (steps, 4) has its first slope, and which never has one."""
    by_step: dict[int, list[str]] = {}
    for name, each in zip(PARTS, slopes.T, strict=True):
        by_step.setdefault(int(each.nonzero()[0]) if each.any() else NEVER, []).append(name)
    never = ", ".join(by_step.pop(NEVER, ["none"]))
    told = "; ".join(f"at step {step} {', '.join(names)}" for step, names in sorted(by_step.items()))
    return f"First slope: {told or 'none'}. Never: {never}."
