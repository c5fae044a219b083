"""Exercises of the chapter on Sinkhorn-Knopp."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise
from mmnotes.sinkhorn.log_domain import sinkhorn_log
from mmnotes.sinkhorn.teacher import teacher_assignment

_SCORES = torch.cos(torch.arange(35.0).reshape(5, 7) ** 1.5) / 2
_CROSSING = math.log(1e-6) / math.log(0.8)


def _two_by_two(kernel: Tensor) -> Tensor:
    diagonal, other = (kernel[0, 0] * kernel[1, 1]).sqrt(), (kernel[0, 1] * kernel[1, 0]).sqrt()
    return torch.stack([diagonal, other, other, diagonal]).reshape(2, 2) / (diagonal + other)


def _two_by_two_mistakes(kernel: Tensor) -> dict[str, Any]:
    rows, columns = kernel / kernel.sum(1, keepdim=True), kernel / kernel.sum(0)
    one_row = "The rows are right and the columns are not: this is one normalisation, not the limit."
    first_columns = "This is one round that began with the columns, not the limit."
    return {
        "The products ad and bc come in without a square root.": _two_by_two(kernel.square()),
        one_row: rows,
        "The columns are right and the rows are not: this is one round, not the limit.": rows / rows.sum(0),
        "This is one normalisation of the columns, not the limit.": columns,
        first_columns: columns / columns.sum(1, keepdim=True),
        "The two values are right and have changed places.": _two_by_two(kernel).flip(0),
        "All masses are 1, so the whole plan has mass 2; here it has mass 1.": _two_by_two(kernel) / 2,
    }


def _centre(scores: Tensor, tau: float) -> Tensor:
    return tau * torch.logsumexp(scores / tau, dim=0)


def _centre_mistakes(scores: Tensor, tau: float) -> dict[str, Any]:
    mean = "This is DINO's centre, the mean of the scores. One Sinkhorn step takes a soft maximum instead."
    units = "The log-sum-exp is in units of scores / τ; multiply by τ to subtract it from the scores."
    over = "The sum runs over the prototypes; a prototype's load is a sum over the batch."
    return {
        mean: scores.mean(0),
        units: torch.logsumexp(scores / tau, 0),
        over: tau * torch.logsumexp(scores / tau, 1),
        "This is the hard maximum, the limit for τ to 0.": scores.amax(0),
        "The temperature is missing inside the exponential.": tau * torch.logsumexp(scores, 0),
        "The temperature is missing.": torch.logsumexp(scores, 0),
        "This is the load itself; the centre is τ times its logarithm.": (scores / tau).exp().sum(0),
    }


def _entry_mistakes(a: float, n: int) -> dict[str, Any]:
    return {
        "That is right for a = 1 only; a enters the first round.": 1 / (2 * n + 1),
        "a and 1/a have changed places.": 1 / (2 * n + a),
        "Each round adds 2 to the reciprocal: one for the rows, one for the columns.": 1 / (n + 1 / a),
        "The count is off by one: before the first round n is 0.": 1 / (2 * n - 2 + 1 / a),
        "That is the entry one round later.": 1 / (2 * n + 2 + 1 / a),
        "A round ends with the columns; this stops after its rows.": 1 / (2 * n - 1 + 1 / a),
        "That is the reciprocal of the entry.": 2 * n + 1 / a,
    }


def _samples_first(scores: Tensor, tau: float, steps: int) -> Tensor:
    batch, prototypes = scores.shape
    loads = scores.new_full((prototypes,), batch / prototypes)
    return sinkhorn_log(scores / tau, scores.new_ones(batch), loads, steps=steps).exp()


def _samples_first_mistakes(scores: Tensor, tau: float, steps: int) -> dict[str, Any]:
    right, own = _samples_first(scores, tau, steps), teacher_assignment(scores, tau=tau, steps=steps)
    mass = "Each sample has mass 1 and the whole plan mass batch; here the whole plan has mass 1."
    loads = "Each prototype's load is batch / prototypes, not 1."
    return {
        "This is DINOv2's own order, prototypes first and samples last.": own,
        mass: right / len(scores),
        "The temperature is missing.": _samples_first(scores, 1.0, steps),
        "This stops after the samples; the prototypes come last.": right / right.sum(1, keepdim=True),
        "Nothing is balanced: this is the softmax of each sample.": (scores / tau).softmax(1),
        "This is one round more than `steps`.": _samples_first(scores, tau, steps + 1),
        loads: right * scores.shape[1] / len(scores),
    }


EXERCISES = {
    "sinkhorn-1": Exercise(
        solution=_two_by_two,
        mistakes=_two_by_two_mistakes,
        inputs=((torch.tensor([[1.0, 2.0], [30.0, 4.0]]),), (torch.tensor([[5.0, 0.5], [0.25, 80.0]]),)),
    ),
    "sinkhorn-2": Exercise(solution=_centre, mistakes=_centre_mistakes, inputs=((_SCORES, 0.1), (_SCORES[:3], 0.5))),
    "sinkhorn-3": Exercise(
        solution=math.ceil(_CROSSING),
        mistakes={
            "0.8 is σ₂² already, the factor of a whole round; there is no second square.": math.ceil(_CROSSING / 2),
            "Per round the error shrinks by σ₂², not by σ₂.": math.ceil(2 * _CROSSING),
            "After that many rounds the error is still above a millionth: round up.": math.floor(_CROSSING),
            "The logarithms need the same base.": math.ceil(math.log10(1e-6) / math.log(0.8)),
            "Rounds are whole, and the error has to get below a millionth: round up.": _CROSSING,
        },
    ),
    "sinkhorn-4": Exercise(
        solution=lambda a, n: 1 / (2 * n + 1 / a),
        mistakes=_entry_mistakes,
        inputs=((5.0, 3), (1.0, 1), (1.0, 10), (0.1, 100)),
        tolerance=1e-9,
    ),
    "sinkhorn-5": Exercise(
        solution=_samples_first, mistakes=_samples_first_mistakes, inputs=((_SCORES, 0.1, 3), (_SCORES, 0.3, 1))
    ),
}
