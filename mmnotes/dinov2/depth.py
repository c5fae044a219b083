"""Stochastic depth that computes a branch only for the pictures that keep it.

Papers: Huang et al., Deep networks with stochastic depth (2016); Oquab et al., DINOv2 (2023), section 5.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor


def kept_rows(*, batch: int, rate: float, random: torch.Generator) -> Int[Tensor, "kept"]:
    """Which pictures keep a branch: a share 1 - rate of the batch, rounded down, and at least one, in random order.

    A draw from a generator cannot be traced.

    Shapes: (kept,).
    Errors: ValueError where rate is not within 0 and 1, or the batch is empty.
    Source: facebookresearch/dinov2, layers/block.py, get_branges_scales.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be within 0 and 1, got {rate}")
    if batch < 1:
        raise ValueError(f"batch must be positive, got {batch}")
    return torch.randperm(batch, generator=random)[: max(int(batch * (1 - rate)), 1)]


def stochastic_depth(
    x: Float[Tensor, "batch tokens dim"],
    branch: Callable[[Float[Tensor, "kept tokens dim"]], Float[Tensor, "kept tokens dim"]],
    kept: Int[Tensor, "kept"],
) -> Float[Tensor, "batch tokens dim"]:
    """x + branch(x), where only the kept pictures get the branch, times batch / kept.

    Over the draws of `kept` this is x + branch(x) on average. The other pictures cost
    nothing, where a mask that multiplies the branch by zero would compute it first.

    Shapes: x (batch, tokens, dim), kept (kept,) -> (batch, tokens, dim).
    Errors: ValueError where no picture is kept.
    Source: facebookresearch/dinov2, layers/block.py, drop_add_residual_stochastic_depth.
    """
    if not len(kept):
        raise ValueError("kept must name at least one picture, got none")
    return x.index_add(0, kept, branch(x[kept]).to(x.dtype), alpha=len(x) / len(kept))
