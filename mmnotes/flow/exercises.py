"""Exercises of the chapter on flow matching."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.flow.times import shifted
from mmnotes.page.exercises import Exercise

_ROWS = torch.cos(torch.arange(24.0).reshape(3, 8) ** 1.3)
_OTHER = torch.sin(torch.arange(24.0).reshape(3, 8) ** 1.2) + 0.3
_TIMES = torch.tensor([0.2, 0.5, 0.9])


def _clean(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    return x - t[:, None] * v


def _clean_mistakes(x: Tensor, v: Tensor, t: Tensor) -> dict[str, Any]:
    t = t[:, None]
    return {
        "That is the guess of the noise; the data are at the other end.": x + (1 - t) * v,
        "The velocity points from the data to the noise, so the data lie against it.": x + t * v,
        "The time that is left to the data is t, not 1 - t.": x - (1 - t) * v,
        "Follow the velocity for the time t, not for all of the unit of time.": x - v,
        "That is for a network that predicts the noise; this one predicts noise - data.": (x - t * v) / (1 - t),
    }


def _least_loss(sigma: float, t: float) -> float:
    return sigma**2 / ((1 - t) ** 2 * sigma**2 + t**2)


def _least_loss_mistakes(sigma: float, t: float) -> dict[str, Any]:
    right, variance = _least_loss(sigma, t), (1 - t) ** 2 * sigma**2 + t**2
    of_x = "That is the variance of x_t; the loss is what remains of noise - data once x_t is known."
    return {
        of_x: variance,
        "That is the variance of noise - data before x_t is known.": 1 + sigma**2,
        "No network reaches zero: many lines cross at one point.": 0.0,
        "Time runs from 0 at the data to 1 at the noise.": _least_loss(sigma, 1 - t),
        "That is what remains of the data; the velocity is (x_t - data) / t.": t**2 * right,
        "That is what remains of the noise; the velocity is (noise - x_t) / (1 - t).": (1 - t) ** 2 * right,
        "The data have the variance sigma squared; they are not of unit size.": 1 / variance,
        "That is a standard deviation; the loss is a square.": right**0.5,
        "sigma is a standard deviation; its square is the variance.": _least_loss(sigma**0.5, t),
    }


def _at_size(t: float, ratio: float) -> float:
    return shifted(torch.tensor(t, dtype=torch.float64), shift=ratio).item()


def _at_size_mistakes(t: float, small: int, large: int) -> dict[str, Any]:
    ratio = large / small
    return {
        "The shift is the ratio of the sides; averaging s² pixels divides the noise by s.": _at_size(t, ratio**2),
        "The larger picture needs more noise, not less.": _at_size(t, 1 / ratio),
        "It is the ratio t / (1 - t) that is multiplied, not t.": t * ratio,
        "Multiply t / (1 - t), not t, and nothing need be cut off at 1.": min(t * ratio, 1),
        "The square root belongs to numbers of pixels; these are sides.": _at_size(t, ratio**0.5),
        "That is the ratio t / (1 - t) there; solve it for the time.": ratio * t / (1 - t),
        "The same time hides a larger picture less.": t,
    }


def _twice_mistakes(shift: float) -> dict[str, Any]:
    nearly = "Near zero a shift multiplies, but 144 / 1000 is not near enough: use the whole formula."
    return {
        "That is the time after one shift.": _at_size(0.001, shift),
        "Shifts compose by multiplication, not by addition.": _at_size(0.001, 2 * shift),
        nearly: 0.001 * shift**2,
        "The denominator is 1 + (s - 1) t, not 1 + s t.": 0.001 * shift**2 / (1 + 0.001 * shift**2),
        "That is three times the shift, not two.": _at_size(0.001, shift**3),
        "The shift leads away from the data, to later times.": _at_size(0.001, shift**-2),
    }


def _factor(conditional: Tensor, unconditional: Tensor) -> Tensor:
    return (conditional * unconditional).sum(1) / unconditional.square().sum(1)


def _factor_mistakes(conditional: Tensor, unconditional: Tensor) -> dict[str, Any]:
    right, whole = _factor(conditional, unconditional), (1, -1)
    cosine = "That is the cosine; least squares divides by the squared length of the unconditional velocity alone."
    turned = "That is the multiple of the conditional velocity; it is the unconditional one that is stretched."
    return {
        cosine: torch.cosine_similarity(conditional, unconditional, dim=1),
        turned: _factor(unconditional, conditional),
        "Each sample has a factor of its own.": _factor(conditional.reshape(whole), unconditional.reshape(whole)),
        "The length of the unconditional velocity enters squared.": right * unconditional.norm(dim=1),
        "That is the product; divide by the squared length.": (conditional * unconditional).sum(1),
        "The lengths do not tell the angle between them.": conditional.norm(dim=1) / unconditional.norm(dim=1),
        "A factor of 1 is ordinary guidance.": torch.ones(len(conditional)),
    }


EXERCISES = {
    "flow-1": Exercise(solution=_clean, mistakes=_clean_mistakes, inputs=((_ROWS, _OTHER, _TIMES),)),
    "flow-2": Exercise(
        solution=_least_loss,
        mistakes=_least_loss_mistakes,
        inputs=((0.3, 0.2), (1.0, 0.5), (0.5, 0.9)),
        tolerance=1e-6,
    ),
    "flow-3": Exercise(
        solution=lambda t, small, large: _at_size(t, large / small),
        mistakes=_at_size_mistakes,
        inputs=((0.6, 32, 64), (0.9, 32, 128), (0.2, 480, 720)),
        tolerance=1e-6,
    ),
    "flow-4": Exercise(
        solution=lambda shift: _at_size(0.001, shift**2),
        mistakes=_twice_mistakes,
        inputs=((12.0,), (3.0,), (5.0,)),
        tolerance=1e-7,
    ),
    "flow-5": Exercise(solution=_factor, mistakes=_factor_mistakes, inputs=((_ROWS, _OTHER), (_OTHER, _ROWS))),
}
