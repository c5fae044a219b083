"""Sinkhorn-Knopp: scale the rows and columns of a non-negative matrix until both have the masses you ask for.

Papers: Sinkhorn and Knopp, Concerning nonnegative matrices and doubly stochastic matrices (1967); Cuturi, Sinkhorn
distances (2013); Caron et al., SwAV (2020), and Oquab et al., DINOv2 (2023), for samples and prototypes.

Differs:
- one matrix on one device; the released training code also sums over the processes of a distributed run;
- no stopping rule: the number of rounds is an argument, as in SwAV and DINOv2.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_BLOCK_BYTES = 2**19  # half a megabyte of the kernel fits the second-level cache of current processors


def sinkhorn(
    kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan Q = diag(u) P diag(v) after ``steps`` rounds of scaling the kernel P.

    From v = 1, each round sets u = r / (P v), then v = c / (Pᵀ u). Rows come first and columns last, so after any
    number of rounds the column sums are exact and the row sums only as good as the convergence rate allows.

    Where the limit is not a scaling: if some matrix with these masses is positive on only a part of the kernel's
    support, the plan tends to one that is zero on the rest, slowly, while u and v diverge. If no matrix on the
    support has these masses, the plan tends to one with the right columns and other rows, while u and v diverge
    geometrically.

    Shapes: kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> (rows, columns).
    Units: both masses in one unit, with equal totals; the plan is in the same unit.
    Errors: ValueError for an entry that is negative, infinite or NaN, an all-zero row or column, a mass that is not
    positive and finite or not of the kernel's dtype, unequal totals, steps < 1. FloatingPointError where u or v
    leave the range of the dtype; ``sinkhorn_stabilised`` has no such limit.
    Source: Sinkhorn and Knopp 1967; agrees with POT's ``ot.sinkhorn`` on the transposed problem, round by round.
    """
    lowest, highest = _extremes(kernel)
    if not 0 <= lowest <= highest < math.inf:
        raise ValueError(f"kernel must be finite and >= 0, got entries from {lowest:g} to {highest:g}")
    _check("kernel", kernel, kernel > 0, row_mass, column_mass, steps)
    v = torch.ones_like(column_mass)
    for _ in range(steps):
        u, v = _round(kernel, v, row_mass, column_mass)
    if not (u.isfinite().all() and v.isfinite().all()):
        raise FloatingPointError(f"u or v left the range of {kernel.dtype}: pass log(kernel) to sinkhorn_stabilised")
    return (kernel * u[:, None]).mul_(v)


def _round(kernel: Tensor, v: Tensor, row_mass: Tensor, column_mass: Tensor) -> tuple[Tensor, Tensor]:
    """One round, u = r / (P v) and v = c / (Pᵀ u), that fetches the kernel from memory once.

    The time goes into moving the kernel, not into arithmetic. A block of rows still in cache after its half of the
    first product gives its part of the second at almost no cost.
    """
    block_rows = max(1, _BLOCK_BYTES // (kernel.shape[1] * kernel.element_size()))
    u_blocks, column_sums = [], torch.zeros_like(v)
    for block, mass in zip(kernel.split(block_rows), row_mass.split(block_rows), strict=True):
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
    """The logarithm of ``sinkhorn(exp(log_kernel), ...)``, computed without leaving the log domain.

    With f = log u, g = log v and L = log P: f = log r - LSE_columns(L + g), then g = log c - LSE_rows(L + f).
    Two log-sum-exps a round make this the slowest form; it is the one to read and to check the others with.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> (rows, columns).
    Units: natural logarithms; -inf is the logarithm of a zero entry and stays -inf.
    Errors: ValueError for an entry that is +inf or NaN, a row or column that is all -inf, and as ``sinkhorn``.
    Source: the limit of f, g: Peyré and Cuturi, Computational Optimal Transport, section 4.4; agrees with POT's
    ``sinkhorn_log``.
    """
    _check_log(log_kernel, row_mass, column_mass, steps)
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
    """The plan of ``sinkhorn(exp(log_kernel), ...)`` at any temperature, at nearly the price of the plain rounds.

    Where exp(L) fits the range of the dtype, the rounds scale it by plain products. Otherwise they scale a plan with
    exact columns, which f = log u alone fixes: Q = softmax_rows(L + f) diag(c). The first such f comes from one
    log-sum-exp; when u spreads so far that entries lost to underflow could matter again, log u is absorbed into f.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> (rows, columns).
    Units: natural logarithms in, the unit of the masses out.
    Errors: as ``sinkhorn_log``.
    Source: absorption after Schmitzer, Stabilized sparse scaling algorithms (2019), section 3; agrees with
    ``sinkhorn_log``.
    Differs: half precision is computed in float32 and returned in its own dtype.
    """
    extremes = _check_log(log_kernel, row_mass, column_mass, steps)
    dtype = torch.promote_types(log_kernel.dtype, torch.float32)
    plan = _stabilised(log_kernel.to(dtype), extremes, 1.0, row_mass.to(dtype), column_mass.to(dtype), steps)
    return plan.to(log_kernel.dtype)


def _stabilised(
    scores: Tensor, extremes: tuple[float, float], tau: float, row_mass: Tensor, column_mass: Tensor, steps: int
) -> Tensor:
    """The plan of exp(scores / tau). In-place steps spare the fresh memory that would cost more than the sums."""
    widest = torch.finfo(scores.dtype).max ** 0.25  # leaves room for a round's products of u, plan and v
    lowest, highest = extremes
    u, v, f = torch.ones_like(row_mass), torch.ones_like(column_mass), torch.zeros_like(row_mass)
    if highest - lowest < 2 * math.log(widest) * tau:
        plan = (scores - highest).div_(tau).exp_()
    else:
        f = row_mass.log() - torch.logsumexp(scores / tau, dim=1)
        plan, v, steps = torch.softmax(scores / tau + f[:, None], dim=0), column_mass, steps - 1
    for _ in range(steps):
        u, v = _round(plan, v, row_mass, column_mass)
        if u.max() > widest * u.min():
            f = f + u.log()
            plan, u, v = torch.softmax(scores / tau + f[:, None], dim=0), torch.ones_like(u), column_mass
    return (plan * u[:, None]).mul_(v)


def teacher_assignment(
    scores: Float[Tensor, "batch prototypes"], *, tau: float, steps: int = 3
) -> Float[Tensor, "batch prototypes"]:
    """DINOv2's teacher targets: every sample spreads mass 1, every prototype receives about batch / prototypes.

    The kernel is P = exp(scoresᵀ / τ) with prototypes as rows and samples as columns: prototypes are balanced first,
    samples last, so each sample's assignment sums to 1 and the prototypes' loads are balanced only roughly. One step
    is softmax((scores - centre) / τ) with the centre τ LSE_batch(scores / τ).

    Shapes: scores (batch, prototypes) -> (batch, prototypes).
    Units: scores are logits, cosines in the released models; the result is float32, or float64 for float64 scores.
    Errors: ValueError for scores that are infinite or NaN, tau <= 0, steps < 1.
    Source: Oquab et al. 2023, section 4, and dinov2/loss/dino_clstoken_loss.py, sinkhorn_knopp_teacher, which it
    equals; steps = 3 and the order are theirs.
    Differs: stays finite at small τ, where the released code overflows; carries a gradient if scores do.
    """
    if not tau > 0:
        raise ValueError(f"tau must be > 0, got {tau}")
    _check_steps(steps)
    lowest, highest = _extremes(scores)
    if not -math.inf < lowest <= highest < math.inf:
        raise ValueError(f"scores must be finite, got entries from {lowest:g} to {highest:g}")
    batch, prototypes = scores.shape
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    # Far below the spacing of the scores the assignment no longer depends on tau; scores / tau must stay finite.
    tau = max(tau, 8 * max(-lowest, highest) / torch.finfo(scores.dtype).max)
    prototype_mass = scores.new_full((prototypes,), batch / prototypes)
    return _stabilised(scores.T, (lowest, highest), tau, prototype_mass, scores.new_ones(batch), steps).T


def convergence_rate(
    plan: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
) -> Float[Tensor, ""]:
    """The factor by which one round shrinks a small error near the balanced plan: σ₂² of R^(-1/2) Q C^(-1/2).

    R = diag(r) and C = diag(c). The largest singular value is 1 and belongs to the marginals themselves. The rate is
    1 where the balanced plan falls apart into blocks that share no row and no column.

    Shapes: plan (rows, columns), row_mass (rows,), column_mass (columns,) -> ().
    Units: none; the error after n more rounds is about rate**n.
    Errors: as ``sinkhorn`` for the plan and the masses; the plan must be balanced, which is not checked.
    Source: Knight, The Sinkhorn-Knopp algorithm: convergence and applications (2008), theorem 4.2, for equal masses.
    """
    _check("plan", plan, plan > 0, row_mass, column_mass, steps=1)
    singular_values: Tensor = torch.linalg.svdvals(plan / (row_mass[:, None] * column_mass).sqrt())
    return singular_values[1].square() if len(singular_values) > 1 else singular_values.new_zeros(())


def _extremes(values: Tensor) -> tuple[float, float]:
    """The smallest and the largest entry; both are NaN if one entry is, and then fail every comparison."""
    lowest, highest = torch.aminmax(values.detach())
    return lowest.item(), highest.item()


def _check_log(log_kernel: Tensor, row_mass: Tensor, column_mass: Tensor, steps: int) -> tuple[float, float]:
    lowest, highest = _extremes(log_kernel)
    if not highest < math.inf:
        raise ValueError(f"log_kernel must not be +inf or NaN, got a largest entry of {highest:g}")
    _check("log_kernel", log_kernel, log_kernel > -math.inf, row_mass, column_mass, steps)
    return lowest, highest


def _check(
    name: str,
    kernel: Tensor,
    support: Bool[Tensor, "rows columns"],
    row_mass: Tensor,
    column_mass: Tensor,
    steps: int,
) -> None:
    _check_steps(steps)
    for axis, side in enumerate(("row", "column")):
        empty = (~support.any(dim=1 - axis)).nonzero().flatten()
        if len(empty):
            raise ValueError(f"{name} must have a positive entry in every {side}; {side} {empty[0]} has none")
    for side, mass in (("row_mass", row_mass), ("column_mass", column_mass)):
        if mass.dtype != kernel.dtype:
            raise ValueError(f"{side} must have the dtype of {name}, {kernel.dtype}, got {mass.dtype}")
        if not ((mass > 0) & mass.isfinite()).all():
            raise ValueError(f"{side} must be positive and finite, got {mass.min():g} to {mass.max():g}")
    totals = row_mass.sum(dtype=torch.float64), column_mass.sum(dtype=torch.float64)
    if abs(totals[0] - totals[1]) > totals[0] * torch.finfo(kernel.dtype).eps ** 0.5:
        raise ValueError(f"row_mass and column_mass must have equal totals, got {totals[0]:g} and {totals[1]:g}")


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps must be >= 1, got {steps}")
