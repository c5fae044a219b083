"""Sinkhorn-Knopp at any temperature: on logarithms, and by products that absorb what would overflow.

Papers: Peyré and Cuturi, Computational optimal transport (2019), section 4.4; Schmitzer, Stabilized sparse scaling
algorithms (2019).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.sinkhorn.checks import check_log_kernel
from mmnotes.sinkhorn.scaling import row_blocks, scaling_round


def sinkhorn_log(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The logarithm of ``sinkhorn(exp(log_kernel), ...)``, computed without leaving the
    log domain.

    With f = log u, g = log v and L = log P: f = log r - LSE_columns(L + g), then g =
    log c - LSE_rows(L + f). Two log-sum-exps a round make this the slowest form; it is
    the one to read and to check the others with.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) ->
    (rows, columns).
    Units: natural logarithms; -inf is the logarithm of a zero entry and stays -inf.
    Errors: ValueError for an entry that is +inf or NaN, a row or column that is all
    -inf, and as ``sinkhorn``.
    Source: the limit of f, g: Peyré and Cuturi, Computational Optimal Transport,
    section 4.4; agrees with POT's ``sinkhorn_log``.
    """
    check_log_kernel(log_kernel, row_mass, column_mass, steps=steps)
    g = torch.zeros_like(column_mass)
    for _ in range(steps):
        f = row_mass.log() - torch.logsumexp(log_kernel + g, dim=1)
        g = column_mass.log() - torch.logsumexp(log_kernel + f[:, None], dim=0)
    return log_kernel + f[:, None] + g


def sinkhorn_stabilised(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan of ``sinkhorn(exp(log_kernel), ...)`` at any temperature, at nearly the
    price of the plain rounds.

    Where exp(L) fits the range of the dtype, the rounds scale it by plain products.
    Otherwise they scale a plan with exact columns, which f = log u alone fixes: Q =
    softmax_rows(L + f) diag(c). The first such f comes from one log-sum-exp; when u
    spreads so far that entries lost to underflow could matter again, log u is absorbed
    into f.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) ->
    (rows, columns).
    Units: natural logarithms in, the unit of the masses out.
    Errors: as ``sinkhorn_log``.
    Source: absorption after Schmitzer, Stabilized sparse scaling algorithms (2019),
    section 3; agrees with ``sinkhorn_log``.
    Differs: half precision is computed in float32 and returned in its own dtype.
    """
    extremes = check_log_kernel(log_kernel, row_mass, column_mass, steps=steps)
    dtype = torch.promote_types(log_kernel.dtype, torch.float32)
    plan = stabilised_plan(
        log_kernel.to(dtype), row_mass.to(dtype), column_mass.to(dtype), extremes=extremes, tau=1.0, steps=steps
    )
    return plan.to(log_kernel.dtype)


def stabilised_plan(
    scores: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    extremes: tuple[float, float],
    tau: float,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan of exp(scores / tau). In-place steps spare the fresh memory that would
    cost more than the sums.

    Shapes: scores (rows, columns), row_mass (rows,), column_mass (columns,) -> (rows, columns).
    Units: ``extremes`` are the lowest and the highest score.
    """
    widest = torch.finfo(scores.dtype).max ** 0.25  # leaves room for a round's products of u, plan and v
    lowest, highest = extremes
    u, v, f = torch.ones_like(row_mass), torch.ones_like(column_mass), torch.zeros_like(row_mass)
    if highest - lowest < 2 * math.log(widest) * tau:
        plan = (scores - highest).div_(tau).exp_()
    else:
        f = row_mass.log() - torch.logsumexp(scores / tau, dim=1)
        plan, v, steps = torch.softmax(scores / tau + f[:, None], dim=0), column_mass, steps - 1
    blocks = row_blocks(plan, row_mass)
    for _ in range(steps):
        u, v = scaling_round(blocks, v, column_mass)
        if u.max() > widest * u.min():
            f = f + u.log()
            del plan, blocks  # makes room for the next plan
            plan, u, v = torch.softmax(scores / tau + f[:, None], dim=0), torch.ones_like(u), column_mass
            blocks = row_blocks(plan, row_mass)
    scale = plan.mul if plan.requires_grad or u.requires_grad else plan.mul_  # a gradient needs the plan as it was
    return scale(u[:, None]).mul_(v)
