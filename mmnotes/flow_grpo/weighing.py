"""The solutions of two exercises on advantages and clipping, and what is mistaken for them."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.flow_grpo.objective import clipped_objective, group_advantages, largest_std_advantages


def _combined(rewards: Tensor, weights: Tensor) -> Tensor:
    return sum((w * largest_std_advantages(r) for w, r in zip(weights, rewards, strict=True)), torch.zeros(()))


def _combined_mistakes(rewards: Tensor, weights: Tensor) -> dict[str, Any]:
    pairs = list(zip(weights, rewards, strict=True))
    total = torch.stack([w * r for w, r in pairs]).sum(0)
    every = [(r - r.mean()) / r.std(correction=0) for r in rewards]
    raw = [w * r / r.std(1, correction=0).max() for w, r in pairs]
    return {
        "The rewards are added before they have a common unit: the one with the larger numbers decides.": (
            largest_std_advantages(total)
        ),
        "Every group is divided by its own deviation, and not all by the largest.": torch.stack(
            [w * group_advantages(r) for w, r in pairs]
        ).sum(0),
        "The mean is that of the group, not of all samples.": torch.stack(
            [w * e for w, e in zip(weights, every, strict=True)]
        ).sum(0),
        "The group's mean is not taken away.": torch.stack(raw).sum(0),
    }


def _objective(log_new: Tensor, log_old: Tensor, advantages: Tensor, clip: float) -> Tensor:
    return clipped_objective(log_new - log_old, advantages, clip=clip).mean()


def _objective_mistakes(log_new: Tensor, log_old: Tensor, advantages: Tensor, clip: float) -> dict[str, Any]:
    ratio = (log_new - log_old).exp()
    held = ratio.clamp(1 - clip, 1 + clip)
    return {
        "The smaller of the two is taken, not the clipped one: a bad ratio must be able to come back.": (
            held * advantages
        ).mean(),
        "Nothing is clipped.": (ratio * advantages).mean(),
        "The larger of the two is taken; that rewards what went too far.": torch.maximum(
            ratio * advantages, held * advantages
        ).mean(),
        "The ratio is the new probability over the old one.": clipped_objective(
            log_old - log_new, advantages, clip=clip
        ).mean(),
        "The objective is to be made large; here its sign is turned.": -_objective(log_new, log_old, advantages, clip),
    }
