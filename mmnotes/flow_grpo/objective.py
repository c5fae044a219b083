"""What the tuning maximises: advantages within a group, ratios that are clipped, and a penalty for leaving.

Papers: Shao et al., DeepSeekMath (2024), for the group; Schulman et al., Proximal policy optimization (2017), for the
clipping.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted
from mmnotes.layers.scales import check_positive

LEAST = 1e-6  # of a standard deviation that divides


def group_advantages(
    rewards: Float[Tensor, "groups group"],
) -> Float[Tensor, "groups group"]:
    """(R - mean of the group) / standard deviation of the group.

    Shapes: rewards (groups, group) -> the same.
    Units: without unit; a group without differences has advantages of 0.
    Errors: ValueError for groups of less than two: one sample is always its own mean.
    Source: Shao et al. 2024, section 4.1.
    """
    centred, std = _centred(rewards)
    return (centred / std.clamp_min(LEAST)).to(rewards.dtype)


def largest_std_advantages(
    rewards: Float[Tensor, "groups group"],
) -> Float[Tensor, "groups group"]:
    """The same, divided by the largest standard deviation among the groups.

    A group whose members hardly differ then counts little, where dividing by its own
    deviation would blow up whatever made them differ.

    Shapes: rewards (groups, group) -> the same.
    Units: as ``group_advantages``.
    Errors: as ``group_advantages``.
    Source: LongCat-Video's report, its section on GRPO.
    """
    centred, std = _centred(rewards)
    return (centred / std.amax().clamp_min(LEAST)).to(rewards.dtype)


def clipped_objective(
    log_ratio: Float[Tensor, "batch"], advantages: Float[Tensor, "batch"], *, clip: float
) -> Float[Tensor, "batch"]:
    """min(r A, clip(r, 1 - clip, 1 + clip) A), to be made large, with r = exp(log_ratio).

    Once a ratio has left the interval in the direction that its advantage asks for, it
    has no gradient.

    Shapes: twice (batch,) -> (batch,).
    Units: log_ratio is the step's log-probability now minus that when it was drawn.
    Errors: ValueError for a clip that is not positive.
    Source: Schulman et al. 2017, equation 7.
    """
    check_positive(clip, name="clip")
    difference, worth = promoted(log_ratio, advantages)
    ratio = difference.exp()
    return torch.minimum(ratio * worth, ratio.clamp(1 - clip, 1 + clip) * worth)


def step_divergence(
    velocity: Float[Tensor, "batch *rest"],
    reference: Float[Tensor, "batch *rest"],
    *,
    scale: Float[Tensor, ""],
) -> Float[Tensor, "batch"]:
    """The Kullback-Leibler divergence of a step's density from that of a reference:
    s² / 2 ‖v - v_ref‖², with s of ``score_scale``.

    Shapes: velocity and reference (batch, ...), scale () -> (batch,).
    Units: nats, summed over all numbers of a sample.
    Source: Liu et al. 2025, section 4.2: both densities are Gaussian with the same
    spread, and their means differ by the step's share of the velocities' difference.
    """
    ours, theirs = promoted(velocity, reference)
    return scale.square() / 2 * (ours - theirs).square().flatten(1).sum(1)


def _centred(rewards: Tensor) -> tuple[Tensor, Tensor]:
    (values,) = promoted(rewards)
    if values.shape[1] < 2:
        raise ValueError(f"rewards must have at least 2 in a group, got {values.shape[1]}")
    centred = values - values.mean(1, keepdim=True)
    return centred, centred.square().mean(1, keepdim=True).sqrt()
