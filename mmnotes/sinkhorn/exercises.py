"""Exercises of the chapter on Sinkhorn-Knopp."""

import math

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise
from mmnotes.sinkhorn.log_domain import sinkhorn_log
from mmnotes.sinkhorn.teacher import teacher_assignment

_SCORES = torch.cos(torch.arange(35.0).reshape(5, 7) ** 1.5) / 2


def _two_by_two(kernel: Tensor) -> Tensor:
    diagonal, other = (kernel[0, 0] * kernel[1, 1]).sqrt(), (kernel[0, 1] * kernel[1, 0]).sqrt()
    return torch.stack([diagonal, other, other, diagonal]).reshape(2, 2) / (diagonal + other)


def _two_by_two_without_root(kernel: Tensor) -> Tensor:
    return _two_by_two(kernel.square())


def _centre(scores: Tensor, tau: float) -> Tensor:
    return tau * torch.logsumexp(scores / tau, dim=0)


def _samples_first(scores: Tensor, tau: float, steps: int) -> Tensor:
    batch, prototypes = scores.shape
    loads = scores.new_full((prototypes,), batch / prototypes)
    return sinkhorn_log(scores / tau, scores.new_ones(batch), loads, steps=steps).exp()


def _samples_first_mass_one(scores: Tensor, tau: float, steps: int) -> Tensor:
    return _samples_first(scores, tau, steps) / len(scores)


EXERCISES = {
    "sinkhorn-1": Exercise(
        solution=_two_by_two,
        inputs=((torch.tensor([[1.0, 2.0], [3.0, 4.0]]),), (torch.tensor([[5.0, 0.5], [0.25, 8.0]]),)),
        slips={
            "The products ad and bc come in without a square root.": _two_by_two_without_root,
            "The rows are right and the columns are not: this is one normalisation, not the limit.": lambda kernel: (
                kernel / kernel.sum(1, keepdim=True)
            ),
            "The columns are right and the rows are not: this is one round, not the limit.": lambda kernel: (
                kernel / kernel.sum(1, keepdim=True) / (kernel / kernel.sum(1, keepdim=True)).sum(0)
            ),
            "The two values are right and have changed places.": lambda kernel: _two_by_two(kernel).flip(0),
        },
    ),
    "sinkhorn-2": Exercise(
        solution=_centre,
        inputs=((_SCORES, 0.1), (_SCORES[:3], 0.5)),
        slips={
            "This is DINO's centre, the mean of the scores. One Sinkhorn step takes a soft maximum instead.": (
                lambda scores, tau: scores.mean(0)
            ),
            "The log-sum-exp is in units of scores / τ; multiply by τ to subtract it from the scores.": (
                lambda scores, tau: torch.logsumexp(scores / tau, 0)
            ),
            "The sum runs over the prototypes; a prototype's load is a sum over the batch.": lambda scores, tau: (
                tau * torch.logsumexp(scores / tau, 1)
            ),
            "This is the hard maximum, the limit for τ to 0.": lambda scores, tau: scores.amax(0),
        },
    ),
    "sinkhorn-3": Exercise(
        solution=math.ceil(math.log(1e-6) / math.log(0.8)),
        tolerance=1e-9,
        slips={
            "0.8 is σ₂² already, the factor of a whole round; there is no second square.": math.ceil(
                math.log(1e-6) / math.log(0.8**2)
            ),
            "Per round the error shrinks by σ₂², not by σ₂.": math.ceil(math.log(1e-6) / math.log(0.8**0.5)),
            "After that many rounds the error is still above a millionth: round up.": math.floor(
                math.log(1e-6) / math.log(0.8)
            ),
            "The logarithms need the same base.": math.ceil(math.log10(1e-6) / math.log(0.8)),
        },
    ),
    "sinkhorn-4": Exercise(
        solution=lambda a, n: 1 / (2 * n + 1 / a),
        inputs=((1.0, 1), (1.0, 10), (5.0, 3), (0.1, 100)),
        tolerance=1e-9,
        slips={
            "That is right for a = 1 only; where does a enter the first round?": lambda a, n: 1 / (2 * n + 1),
            "a and 1/a have changed places.": lambda a, n: 1 / (2 * n + a),
            "Each round adds 2 to the reciprocal: one for the rows, one for the columns.": lambda a, n: 1 / (n + 1 / a),
            "The count is off by one: before the first round n is 0.": lambda a, n: 1 / (2 * n - 2 + 1 / a),
        },
    ),
    "sinkhorn-5": Exercise(
        solution=_samples_first,
        inputs=((_SCORES, 0.1, 3), (_SCORES, 0.3, 1)),
        slips={
            "This is DINOv2's own order, prototypes first and samples last.": lambda scores, tau, steps: (
                teacher_assignment(scores, tau=tau, steps=steps)
            ),
            "Each sample has mass 1 and the whole plan mass batch; here the whole plan has mass 1.": (
                _samples_first_mass_one
            ),
            "The temperature is missing.": lambda scores, tau, steps: _samples_first(scores, 1.0, steps),
            "This stops after the samples; the prototypes come last.": lambda scores, tau, steps: (
                _samples_first(scores, tau, steps) / _samples_first(scores, tau, steps).sum(1, keepdim=True)
            ),
        },
    ),
}
