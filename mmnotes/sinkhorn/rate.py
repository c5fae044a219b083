"""How fast the rounds of Sinkhorn-Knopp converge.

Paper: Knight, The Sinkhorn-Knopp algorithm: convergence and applications (2008).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted
from mmnotes.sinkhorn.checks import check_balanced


def convergence_rate(
    plan: Float[Tensor, "rows columns"], row_mass: Float[Tensor, "rows"], column_mass: Float[Tensor, "columns"]
) -> Float[Tensor, ""]:
    """The factor by which one round shrinks a small error near the balanced plan: σ₂² of R^(-1/2) Q C^(-1/2).

    R = diag(r) and C = diag(c). The largest singular value is 1 and belongs to the marginals themselves. The rate is 1
    where the balanced plan falls apart into blocks that share no row and no column.

    Shapes: plan (rows, columns), row_mass (rows,), column_mass (columns,) -> ().
    Units: a factor from 0 to 1; the error after n more rounds is about rate**n of what it is.
    Errors: as ``sinkhorn`` for the plan and the masses, and ValueError for a plan that is not balanced: a row or column
    sum that differs from its mass by more than half the digits of the dtype. Away from balance the number means
    nothing and may exceed 1.
    Source: Knight 2008, theorem 4.2, for equal masses.
    """
    check_balanced(plan, row_mass, column_mass)
    if min(plan.shape) == 1:
        return plan.new_zeros(())
    wide, row_mass, column_mass = promoted(plan, row_mass, column_mass)
    # One root at a time: the product of two small masses would be zero.
    singular_values: Tensor = torch.linalg.svdvals(wide / row_mass.sqrt()[:, None] / column_mass.sqrt())
    return singular_values[1].square().to(plan.dtype)
