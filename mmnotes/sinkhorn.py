"""Sinkhorn-Knopp: scale the rows and columns of a non-negative matrix until both have
the masses you ask for.

Papers: Sinkhorn and Knopp, Concerning nonnegative matrices and doubly stochastic
matrices (1967); Cuturi, Sinkhorn distances (2013); Caron et al., SwAV (2020), and Oquab
et al., DINOv2 (2023), for samples and prototypes.

Differs:
- one matrix on one device; the released training code also sums over the processes of a
  distributed run;
- no stopping rule: the number of rounds is an argument, as in SwAV and DINOv2.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.sinkhorn_checks import check_kernel, check_log_kernel, check_scores

_Blocks = list[tuple[Tensor, Tensor]]  # some rows of a kernel, and their masses
_BLOCK_BYTES = 2**19  # half a megabyte of the kernel fits the second-level cache of current processors


def sinkhorn(
    kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan Q = diag(u) P diag(v) after ``steps`` rounds of scaling the kernel P.

    From v = 1, each round sets u = r / (P v), then v = c / (Pᵀ u). Rows come first and
    columns last, so after any number of rounds the column sums are exact and the row
    sums only as good as the convergence rate allows.

    Where the limit is not a scaling: if some matrix with these masses is positive on
    only a part of the kernel's support, the plan tends to one that is zero on the rest,
    slowly, while u and v diverge. If no matrix on the support has these masses, the
    plan tends to one with the right columns and other rows, while u and v diverge
    geometrically.

    Shapes: kernel (rows, columns), row_mass (rows,), column_mass (columns,)
    -> (rows, columns).
    Units: both masses in one unit, with equal totals; the plan is in the same unit.
    Errors: ValueError for an entry that is negative, infinite or NaN, an all-zero row
    or column, a mass that is not positive and finite or not of the kernel's dtype,
    unequal totals, steps < 1. FloatingPointError where u or v leave the range of the
    dtype; ``sinkhorn_stabilised`` has no such limit.
    Source: Sinkhorn and Knopp 1967; agrees with POT's ``ot.sinkhorn`` on the transposed
    problem, round by round.
    """
    check_kernel(kernel, row_mass, column_mass, steps=steps, name="kernel")
    blocks, v = _blocks(kernel, row_mass), torch.ones_like(column_mass)
    for _ in range(steps):
        u, v = _round(blocks, v, column_mass)
    if not (u.isfinite().all() and v.isfinite().all()):
        instead = "pass log(kernel) to sinkhorn_stabilised"
        raise FloatingPointError(f"u or v left the range of {kernel.dtype}: {instead}")
    return (kernel * u[:, None]).mul_(v)


def _blocks(kernel: Tensor, row_mass: Tensor) -> _Blocks:
    """Some rows of the kernel at a time, with their masses; a block fits the cache."""
    block_rows = max(1, _BLOCK_BYTES // (kernel.shape[1] * kernel.element_size()))
    return list(zip(kernel.split(block_rows), row_mass.split(block_rows), strict=True))


def _round(blocks: _Blocks, v: Tensor, column_mass: Tensor) -> tuple[Tensor, Tensor]:
    """One round, u = r / (P v) and v = c / (Pᵀ u), reading the kernel once.

    The time goes into moving the kernel, not into arithmetic. A block of rows still in
    cache after its half of the first product gives its part of the second at almost no
    cost.
    """
    u_blocks, column_sums = [], torch.zeros_like(v)
    for block, mass in blocks:
        u_blocks.append(mass / block.mv(v))
        column_sums.addmv_(block.T, u_blocks[-1])
    return torch.cat(u_blocks), column_mass / column_sums


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
    plan = _stabilised(log_kernel.to(dtype), extremes, 1.0, row_mass.to(dtype), column_mass.to(dtype), steps)
    return plan.to(log_kernel.dtype)


def _stabilised(
    scores: Tensor, extremes: tuple[float, float], tau: float, row_mass: Tensor, column_mass: Tensor, steps: int
) -> Tensor:
    """The plan of exp(scores / tau). In-place steps spare the fresh memory that would
    cost more than the sums."""
    widest = torch.finfo(scores.dtype).max ** 0.25  # leaves room for a round's products of u, plan and v
    lowest, highest = extremes
    u, v, f = torch.ones_like(row_mass), torch.ones_like(column_mass), torch.zeros_like(row_mass)
    if highest - lowest < 2 * math.log(widest) * tau:
        plan = (scores - highest).div_(tau).exp_()
    else:
        f = row_mass.log() - torch.logsumexp(scores / tau, dim=1)
        plan, v, steps = torch.softmax(scores / tau + f[:, None], dim=0), column_mass, steps - 1
    blocks = _blocks(plan, row_mass)
    for _ in range(steps):
        u, v = _round(blocks, v, column_mass)
        if u.max() > widest * u.min():
            f = f + u.log()
            del plan, blocks  # makes room for the next plan
            plan, u, v = torch.softmax(scores / tau + f[:, None], dim=0), torch.ones_like(u), column_mass
            blocks = _blocks(plan, row_mass)
    scale = plan.mul if plan.requires_grad or u.requires_grad else plan.mul_  # a gradient needs the plan as it was
    return scale(u[:, None]).mul_(v)


def teacher_assignment(
    scores: Float[Tensor, "batch prototypes"], *, tau: float, steps: int = 3
) -> Float[Tensor, "batch prototypes"]:
    """DINOv2's teacher targets: every sample spreads mass 1, every prototype receives
    about batch / prototypes.

    The kernel is P = exp(scoresᵀ / τ) with prototypes as rows and samples as columns:
    prototypes are balanced first, samples last, so each sample's assignment sums to 1
    and the prototypes' loads are balanced only roughly. One step is softmax((scores -
    centre) / τ) with the centre τ LSE_batch(scores / τ).

    Shapes: scores (batch, prototypes) -> (batch, prototypes).
    Units: scores are logits, cosines in the released models; the result is float32, or
    float64 for float64 scores.
    Errors: ValueError for scores that are infinite or NaN, tau <= 0, steps < 1.
    Source: Oquab et al. 2023, section 4, and dinov2/loss/dino_clstoken_loss.py,
    sinkhorn_knopp_teacher, which it equals; steps = 3 and the order are theirs.
    Differs: stays finite at small τ, where the released code overflows; carries a
    gradient if scores do.
    """
    lowest, highest = check_scores(scores, tau=tau, steps=steps)
    batch, prototypes = scores.shape
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    # Far below the spacing of the scores the assignment no longer depends on tau; scores / tau must stay finite.
    tau = max(tau, 8 * max(-lowest, highest) / torch.finfo(scores.dtype).max)
    prototype_mass = scores.new_full((prototypes,), batch / prototypes)
    return _stabilised(scores.T, (lowest, highest), tau, prototype_mass, scores.new_ones(batch), steps).T


def convergence_rate(
    plan: Float[Tensor, "rows columns"], row_mass: Float[Tensor, "rows"], column_mass: Float[Tensor, "columns"]
) -> Float[Tensor, ""]:
    """The factor by which one round shrinks a small error near the balanced plan: σ₂²
    of R^(-1/2) Q C^(-1/2).

    R = diag(r) and C = diag(c). The largest singular value is 1 and belongs to the
    marginals themselves. The rate is 1 where the balanced plan falls apart into blocks
    that share no row and no column.

    Shapes: plan (rows, columns), row_mass (rows,), column_mass (columns,) -> ().
    Units: none; the error after n more rounds is about rate**n.
    Errors: as ``sinkhorn`` for the plan and the masses; the plan must be balanced,
    which is not checked.
    Source: Knight, The Sinkhorn-Knopp algorithm: convergence and applications (2008),
    theorem 4.2, for equal masses.
    """
    check_kernel(plan, row_mass, column_mass, steps=1, name="plan")
    singular_values: Tensor = torch.linalg.svdvals(plan / (row_mass[:, None] * column_mass).sqrt())
    return singular_values[1].square() if len(singular_values) > 1 else singular_values.new_zeros(())
