"""Sinkhorn-Knopp on logarithms, which cannot overflow.

Paper: Peyré and Cuturi, Computational optimal transport (2019), section 4.4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted
from mmnotes.sinkhorn.checks import check_log_kernel


def sinkhorn_log(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Float[Tensor, "rows columns"]:
    """The logarithm of ``sinkhorn(exp(log_kernel), ...)``, computed without leaving the log domain.

    The potentials f and g are those of ``log_potentials``. Two log-sum-exps a round make this the slowest form; it is
    the one to read and to check the others with.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> (rows, columns).
    Units: natural logarithms; -inf is the logarithm of a zero entry and stays -inf.
    Errors: ValueError for an entry that is +inf or NaN, a row or column that is all -inf, and as ``sinkhorn``.
    Source: agrees with POT's ``sinkhorn_log``.
    Differs: half precision is computed in float32 and returned in its own dtype.
    """
    check_log_kernel(log_kernel, row_mass, column_mass, steps=steps)
    dtype = log_kernel.dtype
    log_kernel, row_mass, column_mass = promoted(log_kernel, row_mass, column_mass)
    f, g = log_potentials(log_kernel, row_mass, column_mass, steps=steps)
    return (log_kernel + f[:, None] + g).to(dtype)


def log_potentials(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> tuple[Float[Tensor, "rows"], Float[Tensor, "columns"]]:
    """f = log u and g = log v after ``steps`` rounds.

    With L = log P, from g = 0, each round sets f = log r - LSE_columns(L + g), then g = log c - LSE_rows(L + f).

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> f (rows,) and g (columns,).
    Source: Peyré and Cuturi 2019, section 4.4, where ε f and ε g are the potentials.
    """
    g = torch.zeros_like(column_mass)
    for _ in range(steps):
        f = row_mass.log() - torch.logsumexp(log_kernel + g, dim=1)
        g = column_mass.log() - torch.logsumexp(log_kernel + f[:, None], dim=0)
    return f, g
