"""Exercises of the chapter on zero convolutions."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise

_DELTA = torch.cos(torch.arange(30.0).reshape(2, 3, 5) ** 1.3)
_FEATURES = torch.sin(torch.arange(40.0).reshape(2, 4, 5) ** 1.2) + 0.3
_TOKENS, _DOWN = _FEATURES.flatten(0, 1), torch.cos(torch.arange(10.0).reshape(2, 5) ** 1.1)
_BACK = torch.sin(torch.arange(24.0).reshape(8, 3) ** 1.4)


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


def _taps(channels: list[int]) -> int:
    return sum(size * size + size for size in channels)


def _taps_mistakes(channels: list[int]) -> dict[str, Any]:
    return {
        "Each has a bias too.": sum(size * size for size in channels),
        "A convolution of 1 x 1 has one weight for each pair of channels, not nine.": (
            sum(9 * size * size + size for size in channels)
        ),
        "Each output channel reads all input channels.": sum(2 * size for size in channels),
        "Each tap has a matrix of its own, from its channels to its channels.": sum(channels) ** 2 + sum(channels),
        "The middle has a tap too.": _taps(channels[:-1]),
        "Each output channel has one bias, not each pair of channels.": sum(2 * size * size for size in channels),
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


def _up(delta: Tensor, x: Tensor, down: Tensor, scale: float) -> Tensor:
    return scale * delta.T @ x @ down.T


def _up_mistakes(delta: Tensor, x: Tensor, down: Tensor, scale: float) -> dict[str, Any]:
    right = _up(delta, x, down, scale)
    return {
        "The product is scaled, so its gradient is.": right / scale,
        "The product is multiplied by the scale, not divided.": right / scale**2,
        "That is the full gradient of W; B sees it through A.": scale * delta.T @ x,
        "That is the full gradient of W, without the scale too; B sees it through A.": delta.T @ x,
        "It is A's gradient that is zero at the start, not B's.": torch.zeros(right.shape),
        "The tokens' gradients are added, not averaged.": right / len(x),
    }


EXERCISES = {
    "zero_conv-1": Exercise(solution=_has_gradient, mistakes=_has_gradient_mistakes, inputs=((0,), (1,), (2,), (5,))),
    "zero_conv-2": Exercise(solution=_growth, mistakes=_growth_mistakes, inputs=((7,), (3,), (4,)), tolerance=1e-6),
    "zero_conv-3": Exercise(
        solution=_taps,
        mistakes=_taps_mistakes,
        inputs=(([320] * 4 + [640] * 3 + [1280] * 6,), ([32, 32, 32, 64, 64, 80, 80],), ([3],)),
    ),
    "zero_conv-4": Exercise(solution=_slope, mistakes=_slope_mistakes, inputs=((_DELTA, _FEATURES),)),
    "zero_conv-5": Exercise(
        solution=_up,
        mistakes=_up_mistakes,
        inputs=((_BACK, _TOKENS, _DOWN, 1.5), (_BACK.flip(0), _TOKENS, _DOWN, 0.5)),
    ),
}
