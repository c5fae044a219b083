"""Sinkhorn-Knopp by plain products at any temperature: what would overflow is absorbed into the kernel.

Paper: Schmitzer, Stabilized sparse scaling algorithms (2019).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.sinkhorn.checks import check_log_kernel
from mmnotes.sinkhorn.log_domain import log_potentials
from mmnotes.sinkhorn.scaling import row_blocks, scaling_round


def sinkhorn_stabilised(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan of ``sinkhorn(exp(log_kernel), ...)`` at any temperature, at nearly the price of the plain rounds.

    Where exp(L) fits the range of the dtype, the rounds scale it by plain products. Otherwise they scale a plan with
    exact columns, which f = log u alone fixes: Q = softmax_rows(L + f) diag(c). The first such f comes from one
    log-sum-exp; when u spreads so far that entries lost to underflow could matter again, log u is absorbed into f.

    Which of these it is depends on the entries. Where they cannot be looked at, while the function is traced or
    transformed, every round is one of ``sinkhorn_log``: the same plan, at that form's price.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> (rows, columns).
    Units: natural logarithms in, the unit of the masses out.
    Errors: as ``sinkhorn_log``.
    Source: absorption after Schmitzer 2019, section 3; agrees with ``sinkhorn_log``.
    Differs: half precision is computed in float32 and returned in its own dtype.
    """
    lowest, highest = promoted(*check_log_kernel(log_kernel, row_mass, column_mass, steps=steps))
    scores, row_mass, column_mass = promoted(log_kernel, row_mass, column_mass)
    plan = stabilised_plan(
        scores, row_mass, column_mass, extremes=(lowest, highest), tau=scores.new_ones(()), steps=steps
    )
    return plan.to(log_kernel.dtype)


def stabilised_plan(
    scores: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    extremes: tuple[Float[Tensor, ""], Float[Tensor, ""]],
    tau: Float[Tensor, ""],
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan of exp(scores / tau), for arguments that have been checked and have one dtype, float32 or float64.

    Shapes: scores (rows, columns), row_mass (rows,), column_mass (columns,), the lowest and the highest score ()
    -> (rows, columns).
    """
    if not values_known(scores, row_mass, column_mass):
        f, _ = log_potentials(scores / tau, row_mass, column_mass, steps=steps)
        return torch.softmax(scores / tau + f[:, None], dim=0) * column_mass
    widest = torch.finfo(scores.dtype).max ** 0.25  # leaves room for a round's products of u, plan and v
    lowest, highest = extremes
    u, v, f = torch.ones_like(row_mass), torch.ones_like(column_mass), torch.zeros_like(row_mass)
    # In-place steps spare the fresh memory that would cost more than the sums.
    if highest - lowest < 2 * math.log(widest) * tau:
        plan = (scores - highest).div_(tau).exp_()
    else:
        f = row_mass.log() - torch.logsumexp(scores / tau, dim=1)
        plan, v, steps = torch.softmax(scores / tau + f[:, None], dim=0), column_mass, steps - 1
    blocks = row_blocks(plan, row_mass)
    with without_autocast(plan.device):
        for _ in range(steps):
            u, v = scaling_round(blocks, v, column_mass)
            if u.max() > widest * u.min():
                f = f + u.log()
                del plan, blocks  # makes room for the next plan
                plan, u, v = torch.softmax(scores / tau + f[:, None], dim=0), torch.ones_like(u), column_mass
                blocks = row_blocks(plan, row_mass)
    scale = plan.mul if plan.requires_grad or u.requires_grad else plan.mul_  # a gradient needs the plan as it was
    plan = scale(u[:, None])
    return plan.mul_(column_mass / plan.sum(0))
