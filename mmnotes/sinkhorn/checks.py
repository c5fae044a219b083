"""What the functions of ``mmnotes.sinkhorn`` ask of the values in their arguments, and how they say so.

A shape that does not fit never comes this far: the annotations of the function that was called refuse it. What is known
without looking at an entry is asked always, everything else only where entries can be looked at: not while a function
is traced or transformed, nor on the meta device.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known

Extremes = tuple[Tensor, Tensor]


def check_kernel(
    kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
    name: str,
) -> None:
    """Refuse a kernel, or a plan, that cannot be scaled to these masses; ``name`` is what the message calls it.

    Shapes: kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> nothing.
    Errors: ValueError for an entry that is negative, infinite or NaN, an all-zero row or column, a mass that is not
    positive and finite or not of the kernel's dtype, unequal totals, steps < 1.
    Source: a scaling needs a kernel without empty rows and columns and equal totals: Sinkhorn and Knopp 1967.
    """
    _check_steps(steps)
    _check_form(kernel, name, row_mass=row_mass, column_mass=column_mass)
    if values_known(kernel, row_mass, column_mass):
        lowest, highest = _extremes(kernel)
        if not 0 <= lowest <= highest < math.inf:
            raise ValueError(f"{name} must be finite and >= 0, got entries from {lowest:g} to {highest:g}")
        _check_lines(kernel, 0.0, name)
        _check_masses(kernel.dtype, row_mass, column_mass)


def check_log_kernel(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> Extremes:
    """Refuse the logarithm of a kernel that cannot be scaled to these masses; otherwise its extreme entries.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> lowest and highest, both ().
    Errors: ValueError for an entry that is +inf or NaN, a row or column that is all -inf, and as ``check_kernel``.
    Source: as ``check_kernel``.
    """
    _check_steps(steps)
    _check_form(log_kernel, "log_kernel", row_mass=row_mass, column_mass=column_mass)
    lowest, highest = _extremes(log_kernel)
    if values_known(log_kernel, row_mass, column_mass):
        if not highest < math.inf:
            raise ValueError(f"log_kernel must not be +inf or NaN, got a largest entry of {highest:g}")
        _check_lines(log_kernel, -math.inf, "log_kernel")
        _check_masses(log_kernel.dtype, row_mass, column_mass)
    return lowest, highest


def check_scores(scores: Float[Tensor, "batch prototypes"], *, tau: float, steps: int) -> Extremes:
    """Refuse scores that assign nothing, and a temperature that is none; otherwise the scores' extreme entries.

    Shapes: scores (batch, prototypes) -> lowest and highest, both ().
    Errors: ValueError for scores that are infinite or NaN, tau <= 0, steps < 1.
    Source: exp(scores / tau) is then positive, and a positive kernel can be scaled to any masses: Sinkhorn 1967.
    """
    if not tau > 0:
        raise ValueError(f"tau must be > 0, got {tau}")
    _check_steps(steps)
    _check_form(scores, "scores")
    lowest, highest = _extremes(scores)
    if values_known(scores) and not -math.inf < lowest <= highest < math.inf:
        raise ValueError(f"scores must be finite, got entries from {lowest:g} to {highest:g}")
    return lowest, highest


def check_balanced(
    plan: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
) -> None:
    """Refuse a plan whose rows and columns do not have their masses, to half the digits of its dtype.

    Shapes: plan (rows, columns), row_mass (rows,), column_mass (columns,) -> nothing.
    Errors: as ``check_kernel``, and ValueError for the row or column that is off most.
    """
    check_kernel(plan, row_mass, column_mass, steps=1, name="plan")
    if values_known(plan, row_mass, column_mass):
        for axis, (side, mass) in enumerate((("row", row_mass), ("column", column_mass))):
            sums = plan.detach().sum(1 - axis, dtype=torch.float64)
            off = (sums / mass - 1).abs()
            worst = int(off.argmax())
            if off[worst] > torch.finfo(plan.dtype).eps ** 0.5:
                raise ValueError(
                    f"plan must be balanced, each row and column with its mass; {side} {worst} has "
                    f"{sums[worst]:.6g} and {side}_mass {mass[worst]:.6g}; take more steps"
                )


def _extremes(values: Tensor) -> Extremes:
    """The smallest and the largest entry; both are NaN if one entry is, and then fail every comparison."""
    lowest, highest = torch.aminmax(values.detach())
    return lowest, highest


def _check_form(kernel: Tensor, name: str, **masses: Tensor) -> None:
    if not kernel.numel():
        raise ValueError(f"{name} must not be empty, got the shape {tuple(kernel.shape)}")
    for side, mass in masses.items():
        if mass.dtype != kernel.dtype:
            raise ValueError(f"{side} must have the dtype of {name}, {kernel.dtype}, got {mass.dtype}")


def _check_lines(kernel: Tensor, zero: float, name: str) -> None:
    for axis, side in enumerate(("row", "column")):
        empty = (kernel.detach().amax(dim=1 - axis) == zero).nonzero().flatten()
        if len(empty):
            raise ValueError(f"{name} must have a positive entry in every {side}; {side} {empty[0]} has none")


def _check_masses(dtype: torch.dtype, row_mass: Tensor, column_mass: Tensor) -> None:
    for side, mass in (("row_mass", row_mass), ("column_mass", column_mass)):
        if not ((mass > 0) & mass.isfinite()).all():
            raise ValueError(f"{side} must be positive and finite, got {mass.min():g} to {mass.max():g}")
    totals = row_mass.sum(dtype=torch.float64), column_mass.sum(dtype=torch.float64)
    if abs(totals[0] - totals[1]) > totals[0] * torch.finfo(dtype).eps ** 0.5:
        raise ValueError(f"row_mass and column_mass must have equal totals, got {totals[0]:.9g} and {totals[1]:.9g}")


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps must be >= 1, got {steps}")
