"""Sinkhorn-Knopp as it was found: scale the rows, scale the columns, and again.

Papers: Sinkhorn and Knopp, Concerning nonnegative matrices and doubly stochastic matrices (1967); Cuturi, Sinkhorn
distances (2013).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.blocks import block_rows
from mmnotes.sinkhorn.checks import check_kernel

Blocks = list[tuple[Tensor, Tensor]]  # some rows of a kernel, and their masses


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
    blocks, v = row_blocks(kernel, row_mass), torch.ones_like(column_mass)
    for _ in range(steps):
        u, v = scaling_round(blocks, v, column_mass)
    if not (u.isfinite().all() and v.isfinite().all()):
        instead = "pass log(kernel) to sinkhorn_stabilised"
        raise FloatingPointError(f"u or v left the range of {kernel.dtype}: {instead}")
    return (kernel * u[:, None]).mul_(v)


def row_blocks(kernel: Float[Tensor, "rows columns"], row_mass: Float[Tensor, "rows"]) -> Blocks:
    """Some rows of the kernel at a time, with their masses; a block fits the cache.

    Shapes: kernel (rows, columns), row_mass (rows,) -> pairs of (some rows, columns) and (some rows,).
    """
    count = block_rows(kernel)
    return list(zip(kernel.split(count), row_mass.split(count), strict=True))


def scaling_round(
    blocks: Blocks, v: Float[Tensor, "columns"], column_mass: Float[Tensor, "columns"]
) -> tuple[Float[Tensor, "rows"], Float[Tensor, "columns"]]:
    """One round, u = r / (P v) and v = c / (Pᵀ u), reading the kernel once.

    The time goes into moving the kernel, not into arithmetic. A block of rows still in
    cache after its half of the first product gives its part of the second at almost no
    cost.

    Shapes: v and column_mass (columns,) -> u (rows,) and v (columns,).
    """
    u_blocks, column_sums = [], torch.zeros_like(v)
    for block, mass in blocks:
        u_blocks.append(mass / block.mv(v))
        column_sums.addmv_(block.T, u_blocks[-1])
    return torch.cat(u_blocks), column_mass / column_sums
