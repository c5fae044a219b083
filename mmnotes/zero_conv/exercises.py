"""Exercises of the chapter on zero convolutions."""

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise

_DELTA = torch.cos(torch.arange(30.0).reshape(2, 3, 5) ** 1.3)
_FEATURES = torch.sin(torch.arange(40.0).reshape(2, 4, 5) ** 1.2) + 0.3
_TOKENS, _DOWN = _FEATURES.flatten(0, 1), torch.cos(torch.arange(10.0).reshape(2, 5) ** 1.1)
_BACK = torch.sin(torch.arange(24.0).reshape(8, 3) ** 1.4)


def _awake(step: int) -> Tensor:
    return torch.tensor([True, step >= 1, step >= 1, step >= 2])


def _growth(step: int) -> float:
    return step * step * (step - 1) / 4


def _taps(channels: list[int]) -> int:
    return sum(size * size + size for size in channels)


def _slope(delta: Tensor, features: Tensor) -> Tensor:
    return torch.einsum("bop,bip->oi", delta, features)


def _up(delta: Tensor, x: Tensor, down: Tensor, scale: float) -> Tensor:
    return scale * delta.T @ x @ down.T


EXERCISES = {
    "zero_conv-1": Exercise(
        solution=_awake,
        inputs=((0,), (1,), (2,), (5,)),
        slips={
            "At step 0 the taps are zero, and what flows back through them is zero too: the copy waits for them.": (
                lambda step: torch.tensor([True, True, step >= 1, step >= 2])
            ),
            "The taps' gradient is made from the copy's features, which are not zero.": (
                lambda step: torch.tensor([step >= 1, step >= 1, step >= 1, step >= 2])
            ),
            "Behind the hint's last layer lies a second zero, which has not moved before the first has.": (
                lambda step: torch.tensor([True, step >= 1, step >= 1, step >= 1])
            ),
            "The hint's last layer needs what comes back through the taps, and its input; both are there at step 1.": (
                lambda step: torch.tensor([True, step >= 1, step >= 2, step >= 2])
            ),
        },
    ),
    "zero_conv-2": Exercise(
        solution=_growth,
        inputs=((3,), (4,), (7,)),
        tolerance=1e-6,
        slips={
            "That is how the gradient of the copy grows; the hint's first layers have two factors that grow.": (
                lambda step: step / 2
            ),
            "One factor is s, the other the sum 0 + 1 + ... + (s - 1), because its gradient grows itself.": (
                lambda step: step * step / 4
            ),
            "The sum runs from 0 to s - 1: before step 1 the hint's last layer had no gradient.": (
                lambda step: step * step * (step + 1) / 12
            ),
            "That is the law itself; divide by its value at step 2.": lambda step: step * step * (step - 1) / 2,
        },
    ),
    "zero_conv-3": Exercise(
        solution=_taps,
        inputs=(([320] * 4 + [640] * 3 + [1280] * 6,), ([32, 32, 32, 64, 64, 80, 80],), ([3],)),
        tolerance=1e-9,
        slips={
            "Each has a bias too.": lambda channels: sum(size * size for size in channels),
            "A convolution of 1 x 1 has one weight for each pair of channels, not nine.": (
                lambda channels: sum(9 * size * size + size for size in channels)
            ),
            "Each output channel reads all input channels.": lambda channels: sum(2 * size for size in channels),
        },
    ),
    "zero_conv-4": Exercise(
        solution=_slope,
        inputs=((_DELTA, _FEATURES),),
        slips={
            "Sum over pixels and samples; the loss has already been divided, if it is a mean.": (
                lambda delta, features: _slope(delta, features) / 5
            ),
            "All pixels share one matrix: their outer products are added, their features are not.": (
                lambda delta, features: delta.sum((0, 2))[:, None] * features.sum((0, 2))
            ),
            "The samples' gradients are added too.": lambda delta, features: _slope(delta[:1], features[:1]),
        },
    ),
    "zero_conv-5": Exercise(
        solution=_up,
        inputs=((_BACK, _TOKENS, _DOWN, 1.5), (_BACK.flip(0), _TOKENS, _DOWN, 0.5)),
        slips={
            "The product is scaled, so its gradient is.": lambda delta, x, down, scale: _up(delta, x, down, 1.0),
            "That is the full gradient of W; B sees it through A.": lambda delta, x, down, scale: scale * delta.T @ x,
            "It is A's gradient that is zero at the start, not B's.": (
                lambda delta, x, down, scale: torch.zeros(delta.shape[1], len(down))
            ),
        },
    ),
}
