"""How fast the rounds of Sinkhorn-Knopp converge.

Paper: Knight, The Sinkhorn-Knopp algorithm: convergence and applications (2008).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.sinkhorn.checks import check_kernel


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
