"""Sinkhorn-Knopp as it was found: scale the rows, scale the columns, and again.

Papers: Sinkhorn and Knopp, Concerning nonnegative matrices and doubly stochastic matrices (1967); Cuturi, Sinkhorn
distances (2013).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.blocks import block_rows
from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.sinkhorn.checks import check_kernel

Blocks = list[tuple[Tensor, Tensor]]  # some rows of a kernel, and their masses
_FEWEST_ROWS = 32  # of a block: what all blocks give together is then small beside the kernel


def sinkhorn(
    kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The plan Q = diag(u) P diag(v) after ``steps`` rounds of scaling the kernel P.

    >>> kernel = torch.tensor([[4.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
    >>> sinkhorn(kernel, torch.tensor([1.5, 1.5]), torch.ones(3), steps=3)
    tensor([[0.6665, 0.4998, 0.3331],
            [0.3335, 0.5002, 0.6669]])

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
    dtype; ``sinkhorn_stabilised`` has no such limit. While the function is traced the
    plan is then not finite.
    Source: Sinkhorn and Knopp 1967; agrees with POT's ``ot.sinkhorn`` on the transposed
    problem, round by round.
    Differs: half precision is computed in float32 and returned in its own dtype.
    """
    check_kernel(kernel, row_mass, column_mass, steps=steps, name="kernel")
    dtype = kernel.dtype
    kernel, row_mass, column_mass = promoted(kernel, row_mass, column_mass)
    blocks, v = row_blocks(kernel, row_mass), torch.ones_like(column_mass)
    with without_autocast(kernel.device):
        for _ in range(steps):
            u, v = scaling_round(blocks, v, column_mass)
    plan = kernel * u[:, None]
    v = column_mass / plan.sum(0)  # the same v, to the last digit
    if values_known(u, v) and not (u.isfinite().all() and v.isfinite().all()):
        instead = "pass log(kernel) to sinkhorn_stabilised"
        raise FloatingPointError(f"u or v left the range of {kernel.dtype}: {instead}")
    return plan.mul_(v).to(dtype)


def row_blocks(kernel: Float[Tensor, "rows columns"], row_mass: Float[Tensor, "rows"]) -> Blocks:
    """Some rows of the kernel at a time, with their masses; a block fits the cache if its rows are not too long.

    A compiler that traces the rounds cuts loops itself and gets all rows in one piece.

    Shapes: kernel (rows, columns), row_mass (rows,) -> pairs of (some rows, columns) and (some rows,).
    """
    count = len(kernel) if torch.compiler.is_compiling() else max(_FEWEST_ROWS, block_rows(kernel))
    return list(zip(kernel.split(count), row_mass.split(count), strict=True))


def scaling_round(
    blocks: Blocks, v: Float[Tensor, "columns"], column_mass: Float[Tensor, "columns"]
) -> tuple[Float[Tensor, "rows"], Float[Tensor, "columns"]]:
    """One round, u = r / (P v) and v = c / (Pᵀ u), reading the kernel once.

    The time goes into moving the kernel, not into arithmetic. A block of rows still in
    cache after its half of the first product gives its part of the second at almost no
    cost. The parts are added up at the end, and pairwise: a sum of millions that grows
    one by one loses digits.

    Shapes: v and column_mass (columns,) -> u (rows,) and v (columns,).
    """
    u_blocks, sums = [], []
    for block, mass in blocks:
        u_blocks.append(mass / block.mv(v))
        sums.append(block.T.mv(u_blocks[-1]))
    return torch.cat(u_blocks), column_mass / torch.stack(sums).sum(0)
