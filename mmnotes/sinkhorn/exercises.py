"""Exercises of the chapter on Sinkhorn-Knopp."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise
from mmnotes.sinkhorn.log_domain import sinkhorn_log
from mmnotes.sinkhorn.teacher import teacher_assignment

_SCORES = torch.cos(torch.arange(35.0).reshape(5, 7) ** 1.5) / 2
_WAVES = torch.sin(torch.arange(20.0).reshape(4, 5) ** 1.4)
_ROWS, _COLUMNS = torch.tensor([1.0, 2.0, 3.0, 1.5]), torch.tensor([0.5, 1.0, 3.0, 2.0, 1.0])
_WITH_ZERO = _WAVES.index_put((torch.tensor([1]), torch.tensor([2])), torch.tensor(-torch.inf))


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
        first_columns: columns / columns.sum(1, keepdim=True),
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
    }


def _entry_mistakes(a: float, n: int) -> dict[str, Any]:
    return {
        "That is right for a = 1 only; a enters the first round.": 1 / (2 * n + 1),
        "a and 1/a have changed places.": 1 / (2 * n + a),
        "Each round adds 2 to the reciprocal: one for the rows, one for the columns.": 1 / (n + 1 / a),
        "A round ends with the columns; this stops after its rows.": 1 / (2 * n - 1 + 1 / a),
    }


def _plan(log_kernel: Tensor, row_mass: Tensor, column_mass: Tensor, steps: int) -> Tensor:
    return sinkhorn_log(log_kernel, row_mass, column_mass, steps=steps).exp()


def _plan_mistakes(log_kernel: Tensor, row_mass: Tensor, column_mass: Tensor, steps: int) -> dict[str, Any]:
    right = _plan(log_kernel, row_mass, column_mass, steps)
    started = "Shifting each column by its largest entry starts the rounds elsewhere; start from g = 0."
    shifted = log_kernel - log_kernel.amax(0)
    return {
        started: _plan(shifted, row_mass, column_mass, steps),
        "The columns come first here; start with the rows.": _plan(log_kernel.T, column_mass, row_mass, steps).T,
        "That is the logarithm of the plan.": right.log(),
        "This is one round more than `steps`.": _plan(log_kernel, row_mass, column_mass, steps + 1),
        "This stops after the rows; each round ends with the columns.": right
        / right.sum(1, keepdim=True)
        * row_mass[:, None],
    }


def _both(first: Tensor, second: Tensor, tau: float, steps: int) -> Tensor:
    return teacher_assignment(torch.cat([first, second]), tau=tau, steps=steps)


def _both_mistakes(first: Tensor, second: Tensor, tau: float, steps: int) -> dict[str, Any]:
    right, shards = _both(first, second, tau, steps), (first, second)
    each = torch.cat([teacher_assignment(shard, tau=tau, steps=steps) for shard in shards])
    loads = "Each process balances its own samples; a prototype's load is a sum over both."
    own = "Each process subtracted its own largest score, which starts the rounds elsewhere."
    samples = "Each sample's largest score was subtracted, which starts the rounds elsewhere."
    return {
        loads: each,
        own: _both(first - first.max(), second - second.max(), tau, steps),
        samples: _both(first - first.amax(1, keepdim=True), second - second.amax(1, keepdim=True), tau, steps),
        "This is one round more than `steps`.": _both(first, second, tau, steps + 1),
        "Nothing is balanced: this is the softmax of each sample.": (torch.cat(shards) / tau).softmax(1),
        "This stops after the prototypes; the samples come last.": right / right.sum(0) * len(right) / right.shape[1],
    }


EXERCISES = {
    "sinkhorn-1": Exercise(
        solution=_two_by_two,
        mistakes=_two_by_two_mistakes,
        inputs=((torch.tensor([[1.0, 2.0], [30.0, 4.0]]),), (torch.tensor([[5.0, 0.5], [0.25, 80.0]]),)),
    ),
    "sinkhorn-2": Exercise(solution=_centre, mistakes=_centre_mistakes, inputs=((_SCORES, 0.1), (_SCORES[:3], 0.5))),
    "sinkhorn-3": Exercise(
        solution=_plan,
        mistakes=_plan_mistakes,
        inputs=((_WAVES, _ROWS, _COLUMNS, 3), (400 * _WAVES, _ROWS, _COLUMNS, 2), (_WITH_ZERO, _ROWS, _COLUMNS, 4)),
    ),
    "sinkhorn-4": Exercise(
        solution=lambda a, n: 1 / (2 * n + 1 / a),
        mistakes=_entry_mistakes,
        inputs=((5.0, 3), (1.0, 1), (1.0, 10), (0.1, 100)),
        tolerance=1e-9,
    ),
    "sinkhorn-5": Exercise(
        solution=_both,
        mistakes=_both_mistakes,
        inputs=((_SCORES[:2], _SCORES[2:], 0.1, 3), (_SCORES[:4] + 1, _SCORES[4:] - 1, 0.02, 2)),
    ),
}
