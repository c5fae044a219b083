"""Exercises of the chapter on DINOv2."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise

_FEATURES = torch.nn.functional.normalize(torch.cos(torch.arange(24.0) ** 1.3).view(6, 4), dim=1)
_OTHER = torch.nn.functional.normalize(torch.sin(torch.arange(15.0) ** 1.4).view(5, 3), dim=1)
_LOGITS = torch.cos(torch.arange(28.0) ** 1.2).view(4, 7) / 4
_KEPT = torch.tensor([3, 0, 4])


def _push(unit: Tensor) -> Tensor:
    """The gradient of KoLeo by features that are held to be free, though they are of unit length."""
    apart = unit[:, None] - unit
    distances = apart.norm(dim=-1).fill_diagonal_(torch.inf)
    nearest = distances.argmin(1)
    ends = torch.arange(len(unit))
    pull = apart[ends, nearest] / distances[ends, nearest, None].square() / len(unit)
    slope: Tensor = torch.zeros_like(unit).index_add(0, nearest, pull) - pull
    return slope


def _push_mistakes(unit: Tensor) -> dict[str, Any]:
    apart = unit[:, None] - unit
    distances = apart.norm(dim=-1).fill_diagonal_(torch.inf)
    nearest, ends = distances.argmin(1), torch.arange(len(unit))
    lengths = distances[ends, nearest, None]
    pull = apart[ends, nearest] / lengths.square() / len(unit)
    unscaled = apart[ends, nearest] / lengths / len(unit)
    return {
        "A feature is also the nearest of others, and is pushed by them.": -pull,
        "The loss is a mean over the batch.": len(unit) * _push(unit),
        "The gradient points to where the loss grows: towards the neighbour.": -_push(unit),
        "The slope of log d is 1 / d, and that of d a unit vector.": -unscaled
        + torch.zeros_like(unit).index_add(0, nearest, unscaled),
    }


def _factor(batch: int, rate: float) -> float:
    return batch / max(int(batch * (1 - rate)), 1)


def _factor_mistakes(batch: int, rate: float) -> dict[str, Any]:
    kept = max(int(batch * (1 - rate)), 1)
    return {
        "That is the share that is kept; the branch of those has to stand for all.": kept / batch,
        "The number of kept pictures is whole, so the share is not quite 1 - rate.": 1 / (1 - rate),
        "The rate is the share that is dropped.": batch / max(int(batch * rate), 1),
        "Pictures are counted whole, rounded down.": batch / max(round(batch * (1 - rate)), 1),
    }


def _blocks(lengths: list[int]) -> Tensor:
    crop = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    return (crop[:, None] == crop).float()


def _blocks_mistakes(lengths: list[int]) -> dict[str, Any]:
    total = sum(lengths)
    return {
        "That lets every crop read all others.": torch.ones(total, total),
        "True is where a token may attend, here as 1.": 1 - _blocks(lengths),
        "No order among the patches of a crop: each reads all of its own crop.": _blocks(lengths).tril(),
        "A token reads the others of its crop too, not itself alone.": torch.eye(total),
    }


def _literal(logits: Tensor, tau: float) -> Tensor:
    said = (logits / tau).softmax(-1)
    return said - said.mean(0)


def _literal_mistakes(logits: Tensor, tau: float) -> dict[str, Any]:
    said = (logits / tau).softmax(-1)
    return {
        "That is the code: the centre is subtracted from the logits. Do what the sentence says.": (
            (logits - logits.mean(0)) / tau
        ).softmax(-1),
        "The centre is the mean over the batch, one number for each prototype.": said - said.mean(-1, keepdim=True),
        "The centre is subtracted.": said + said.mean(0),
        "The logits are divided by τ before the softmax.": logits.softmax(-1) - logits.softmax(-1).mean(0),
    }


def _kept(x: Tensor, weight: Tensor, kept: Tensor) -> Tensor:
    return x.index_add(0, kept, x[kept] @ weight.T, alpha=len(x) / len(kept))


def _kept_mistakes(x: Tensor, weight: Tensor, kept: Tensor) -> dict[str, Any]:
    chosen = torch.zeros(len(x), 1, 1).index_fill(0, kept, 1.0)
    branch = x @ weight.T
    return {
        "What is kept has to stand for what is dropped: its branch is multiplied.": x + chosen * branch,
        "The other pictures go on as they are; only their branch is left out.": chosen * _kept(x, weight, kept),
        "These are the pictures that lose the branch.": x + (1 - chosen) * branch * len(x) / (len(x) - len(kept)),
        "The branch alone is multiplied, not x.": (x + chosen * branch) * (1 + chosen * (len(x) / len(kept) - 1)),
    }


EXERCISES = {
    "dinov2-1": Exercise(solution=_push, mistakes=_push_mistakes, inputs=((_FEATURES,), (_OTHER,))),
    "dinov2-2": Exercise(
        solution=_factor, mistakes=_factor_mistakes, inputs=((10, 0.45), (7, 0.3), (3, 0.9)), tolerance=1e-6
    ),
    "dinov2-3": Exercise(solution=_blocks, mistakes=_blocks_mistakes, inputs=(([5, 3, 4],), ([2, 2],), ([1, 6],))),
    "dinov2-4": Exercise(
        solution=_literal, mistakes=_literal_mistakes, inputs=((_LOGITS, 0.1), (_LOGITS[1:], 0.04)), tolerance=1e-5
    ),
    "dinov2-5": Exercise(
        solution=_kept,
        mistakes=_kept_mistakes,
        inputs=(
            (_LOGITS.view(1, 4, 7).repeat(5, 1, 1), torch.eye(7).roll(1, 0), _KEPT),
            (_LOGITS.view(2, 2, 7), torch.ones(7, 7), _KEPT[1:2]),
        ),
    ),
}
