"""Exercises of the chapter on flow matching."""

import torch
from torch import Tensor

from mmnotes.flow.times import shifted
from mmnotes.page.exercises import Exercise

_ROWS = torch.cos(torch.arange(24.0).reshape(3, 8) ** 1.3)
_OTHER = torch.sin(torch.arange(24.0).reshape(3, 8) ** 1.2) + 0.3
_TIMES = torch.tensor([0.2, 0.5, 0.9])


def _clean(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    return x - t[:, None] * v


def _floor(sigma: float, t: float) -> float:
    return sigma**2 / ((1 - t) ** 2 * sigma**2 + t**2)


def _at_size(t: float, ratio: float) -> float:
    return shifted(torch.tensor(t, dtype=torch.float64), shift=ratio).item()


def _factor(conditional: Tensor, unconditional: Tensor) -> Tensor:
    return (conditional * unconditional).sum(1) / unconditional.square().sum(1)


EXERCISES = {
    "flow-1": Exercise(
        solution=_clean,
        inputs=((_ROWS, _OTHER, _TIMES),),
        slips={
            "That is the guess of the noise; the data are at the other end.": (
                lambda x, v, t: x + (1 - t[:, None]) * v
            ),
            "The velocity points from the data to the noise, so the data lie against it.": (
                lambda x, v, t: x + t[:, None] * v
            ),
            "The time that is left to the data is t, not 1 - t.": lambda x, v, t: x - (1 - t[:, None]) * v,
            "Follow the velocity for the time t, not for all of the unit of time.": lambda x, v, t: x - v,
        },
    ),
    "flow-2": Exercise(
        solution=_floor,
        inputs=((1.0, 0.5), (0.3, 0.2), (0.5, 0.9)),
        tolerance=1e-6,
        slips={
            "That is the variance of x_t; the loss is what remains of noise - data once x_t is known.": (
                lambda sigma, t: (1 - t) ** 2 * sigma**2 + t**2
            ),
            "That is the variance of noise - data before x_t is known.": lambda sigma, t: 1 + sigma**2,
            "No network reaches zero: many lines cross at one point.": lambda sigma, t: 0.0,
            "Time runs from 0 at the data to 1 at the noise.": lambda sigma, t: _floor(sigma, 1 - t),
        },
    ),
    "flow-3": Exercise(
        solution=lambda t, small, large: _at_size(t, large / small),
        inputs=((0.5, 32, 64), (0.9, 32, 128), (0.2, 480, 720)),
        tolerance=1e-6,
        slips={
            "The shift is the ratio of the sides; averaging s² pixels divides the noise by s.": (
                lambda t, small, large: _at_size(t, (large / small) ** 2)
            ),
            "The larger picture needs more noise, not less.": lambda t, small, large: _at_size(t, small / large),
            "It is the ratio t / (1 - t) that is multiplied, not t.": lambda t, small, large: min(t * large / small, 1),
        },
    ),
    "flow-4": Exercise(
        solution=lambda shift: _at_size(0.001, shift**2),
        inputs=((3.0,), (5.0,), (12.0,)),
        tolerance=1e-7,
        slips={
            "That is the time after one shift.": lambda shift: _at_size(0.001, shift),
            "Shifts compose by multiplication, not by addition.": lambda shift: _at_size(0.001, 2 * shift),
            "Near zero a shift multiplies, but 144 / 1000 is not near enough: use the whole formula.": (
                lambda shift: 0.001 * shift**2
            ),
        },
    ),
    "flow-5": Exercise(
        solution=_factor,
        inputs=((_ROWS, _OTHER), (_OTHER, _ROWS)),
        slips={
            "That is the cosine; least squares divides by the squared length of the unconditional velocity alone.": (
                lambda conditional, unconditional: torch.cosine_similarity(conditional, unconditional, dim=1)
            ),
            "That is the multiple of the conditional velocity; it is the unconditional one that is stretched.": (
                lambda conditional, unconditional: _factor(unconditional, conditional)
            ),
            "Each sample has a factor of its own.": lambda conditional, unconditional: _factor(
                conditional.reshape(1, -1), unconditional.reshape(1, -1)
            ),
            "The length of the unconditional velocity enters squared.": lambda conditional, unconditional: (
                _factor(conditional, unconditional) * unconditional.norm(dim=1)
            ),
        },
    ),
}
