"""Exercises of the chapter on zero convolutions."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise
from mmnotes.zero_conv.guessing import SteeredNetwork, _guess, _guess_mistakes
from mmnotes.zero_conv.wrapping import _weights, _wrapped, _wrapped_mistakes

_DELTA = torch.cos(torch.arange(30.0).reshape(2, 3, 5) ** 1.3)
_FEATURES = torch.sin(torch.arange(40.0).reshape(2, 4, 5) ** 1.2) + 0.3


def _has_gradient(step: int) -> Tensor:
    return torch.tensor([True, step >= 1, step >= 1, step >= 2])


def _has_gradient_mistakes(step: int) -> dict[str, Any]:
    waits = "At step 0 the taps are zero, and what flows back through them is zero too: the copy waits for them."
    at_once = "The taps' gradient is made from the copy's features, which are not zero."
    second = "Behind the hint's last layer lies a second zero, which has not moved before the first has."
    both = "The hint's last layer needs what comes back through the taps, and its input; both are there at step 1."
    always = "Two things start at zero, the taps and the hint's last layer; what is behind them has to wait."
    from_one = "These are the right groups in the right order, counted from step 1; the first update is that of step 0."
    in_turn = "Each group waits here for the one before it; the copy and the hint's last layer wait for the taps alone."
    return {
        waits: torch.tensor([True, True, step >= 1, step >= 2]),
        at_once: torch.tensor([step >= 1, step >= 1, step >= 1, step >= 2]),
        second: torch.tensor([True, step >= 1, step >= 1, step >= 1]),
        both: torch.tensor([True, step >= 1, step >= 2, step >= 2]),
        always: torch.tensor([True, True, True, True]),
        from_one: _has_gradient(step - 1),
        "These steps are counted from 1; the first update is that of step 0.": _has_gradient(step - 1) & (step >= 1),
        in_turn: torch.tensor([True, step >= 1, step >= 2, step >= 3]),
    }


def _growth(s: int) -> float:
    return s * s * (s - 1) / 4


def _growth_mistakes(s: int) -> dict[str, Any]:
    of_copy = "That is how the gradient of the copy grows; the hint's first layers have two factors that grow."
    factors = "One factor is s, the other the sum 0 + 1 + ... + (s - 1), because its gradient grows itself."
    ends = "The sum runs from 0 to s - 1: before step 1 the hint's last layer had no gradient."
    return {
        of_copy: s / 2,
        factors: s * s / 4,
        ends: s * s * (s + 1) / 12,
        "That is the law itself; divide by its value at step 2.": s * s * (s - 1) / 2,
        "That is the sum alone; the taps, the other factor, grow as s.": s * (s - 1) / 2,
        "The sum 0 + 1 + ... + (s - 1) is s (s - 1) / 2, not s² / 2.": s**3 / 8,
    }


def _slope(delta: Tensor, features: Tensor) -> Tensor:
    return torch.einsum("bop,bip->oi", delta, features)


def _slope_mistakes(delta: Tensor, features: Tensor) -> dict[str, Any]:
    right, (samples, _, pixels) = _slope(delta, features), delta.shape
    mean = "Sum over pixels and samples; the loss has already been divided, if it is a mean."
    shared = "All pixels share one matrix: their outer products are added, their features are not."
    return {
        mean: right / pixels,
        "A sum over the samples, not their mean: delta holds what the loss divides by.": right / samples,
        "A sum over samples and pixels, not their mean.": right / (samples * pixels),
        shared: delta.sum((0, 2))[:, None] * features.sum((0, 2)),
        "The samples' gradients are added too.": _slope(delta[:1], features[:1]),
        "One gradient for each sample; they are to be added.": torch.einsum("bop,bip->boi", delta, features),
    }


_X, _HINT = torch.sin(torch.arange(6.0).reshape(2, 3) ** 1.2), torch.cos(torch.arange(6.0).reshape(2, 3) ** 1.1)
_TEXT, _NOTHING = _X.flip(1) + 0.4, torch.full((2, 3), 0.2)

EXERCISES = {
    "zero_conv-1": Exercise(solution=_has_gradient, mistakes=_has_gradient_mistakes, inputs=((0,), (1,), (2,), (5,))),
    "zero_conv-2": Exercise(solution=_growth, mistakes=_growth_mistakes, inputs=((7,), (3,), (4,)), tolerance=1e-6),
    "zero_conv-3": Exercise(
        solution=_slope,
        mistakes=_slope_mistakes,
        inputs=((_DELTA, _FEATURES), (_DELTA[:, :2].flip(0), _FEATURES[:, 1:])),
    ),
    "zero_conv-4": Exercise(
        solution=_wrapped,
        mistakes=_wrapped_mistakes,
        inputs=(
            _weights(),
            _weights("z_skip", "z_middle"),
            _weights("z_hint"),
            _weights("z_middle"),
            _weights("z_skip"),
        ),
    ),
    "zero_conv-5": Exercise(
        solution=_guess,
        mistakes=_guess_mistakes,
        inputs=(
            (SteeredNetwork(0.3), _X, _TEXT, _NOTHING, _HINT, 4.0, [16, 16, 8, 4]),
            (SteeredNetwork(0.7), _X, _NOTHING, _NOTHING, _HINT, 3.0, [12, 6, 3]),
            (SteeredNetwork(0.3), _X, _TEXT, _NOTHING, _HINT, 1.0, [8, 8]),
        ),
    ),
}
