"""The teacher: an exponential moving average of the student's weights.

Papers: Caron et al., DINO (2021), section 3.1; Polyak and Juditsky, Acceleration of stochastic approximation by
averaging (1992), for why an average of weights is better than the last ones.
"""

import copy
import math
from typing import TypeVar

import torch
from torch import nn

from mmnotes.dino.centre import check_momentum

Network = TypeVar("Network", bound=nn.Module)


def teacher_of(student: Network) -> Network:
    """A copy of the student that nobody trains.

    Memory is copied: there is nothing to trace.

    Source: facebookresearch/dino, main_dino.py: both networks start with the same weights.
    """
    return copy.deepcopy(student).requires_grad_(False)


@torch.no_grad()
def update_teacher_(teacher: nn.Module, student: nn.Module, *, momentum: float) -> None:
    """θ_t ← m θ_t + (1 - m) θ_s for every parameter of the teacher, which is changed.

    After many steps the teacher is Σ_i (1 - m) mⁱ times the student of i steps ago: an average over about 1 / (1 - m)
    steps. Buffers stay as they are, as in the authors' code. Memory is written: there is nothing to trace.

    Errors: ValueError where momentum is not within 0 and 1, or the two have other parameters than one another.
    Source: facebookresearch/dino, main_dino.py, train_one_epoch.
    """
    check_momentum(momentum=momentum)
    ours, theirs = dict(teacher.named_parameters()), dict(student.named_parameters())
    shapes = [{name: each.shape for name, each in side.items()} for side in (ours, theirs)]
    if shapes[0] != shapes[1]:
        amiss = sorted(name for name in {*ours, *theirs} if shapes[0].get(name) != shapes[1].get(name))
        raise ValueError(f"student must have the teacher's parameters, got others in {', '.join(amiss)}")
    torch._foreach_lerp_([*ours.values()], [theirs[name] for name in ours], 1 - momentum)


def teacher_momentum(*, step: int, steps: int, start: float = 0.996) -> float:
    """1 - (1 - m₀) (1 + cos(π i / n)) / 2: from the start to 1, where the teacher stands still, along a cosine.

    The answer is a plain number: there is nothing to trace.

    Errors: ValueError where start is not within 0 and 1, or step not within 0 and steps.
    Source: facebookresearch/dino, utils.py, cosine_scheduler; start is its default.
    """
    check_momentum(momentum=start)
    if not 0 <= step <= steps or not steps:
        raise ValueError(f"step must be within 0 and steps = {steps}, got {step}")
    return 1 - (1 - start) * (1 + math.cos(math.pi * step / steps)) / 2
