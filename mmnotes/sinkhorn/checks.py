"""What the functions of ``mmnotes.sinkhorn`` ask of the values in their arguments, and how they say so.

A shape that does not fit never comes this far: the annotations of the function that was called refuse it.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor


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
    lowest, highest = _extremes(kernel, name)
    if not 0 <= lowest <= highest < math.inf:
        raise ValueError(f"{name} must be finite and >= 0, got entries from {lowest:g} to {highest:g}")
    _check_lines(kernel, 0.0, name)
    _check_masses(kernel, row_mass, column_mass, name)
    _check_steps(steps)


def check_log_kernel(
    log_kernel: Float[Tensor, "rows columns"],
    row_mass: Float[Tensor, "rows"],
    column_mass: Float[Tensor, "columns"],
    *,
    steps: int,
) -> tuple[float, float]:
    """Refuse the logarithm of a kernel that cannot be scaled to these masses; otherwise its extreme entries.

    Shapes: log_kernel (rows, columns), row_mass (rows,), column_mass (columns,) -> lowest and highest, two numbers.
    Errors: ValueError for an entry that is +inf or NaN, a row or column that is all -inf, and as ``check_kernel``.
    Source: as ``check_kernel``.
    """
    lowest, highest = _extremes(log_kernel, "log_kernel")
    if not highest < math.inf:
        raise ValueError(f"log_kernel must not be +inf or NaN, got a largest entry of {highest:g}")
    _check_lines(log_kernel, -math.inf, "log_kernel")
    _check_masses(log_kernel, row_mass, column_mass, "log_kernel")
    _check_steps(steps)
    return lowest, highest


def check_scores(scores: Float[Tensor, "batch prototypes"], *, tau: float, steps: int) -> tuple[float, float]:
    """Refuse scores that assign nothing, and a temperature that is none; otherwise the scores' extreme entries.

    Shapes: scores (batch, prototypes) -> lowest and highest, two numbers.
    Errors: ValueError for scores that are infinite or NaN, tau <= 0, steps < 1.
    Source: exp(scores / tau) is then positive, and a positive kernel can be scaled to any masses: Sinkhorn 1967.
    """
    if not tau > 0:
        raise ValueError(f"tau must be > 0, got {tau}")
    _check_steps(steps)
    lowest, highest = _extremes(scores, "scores")
    if not -math.inf < lowest <= highest < math.inf:
        raise ValueError(f"scores must be finite, got entries from {lowest:g} to {highest:g}")
    return lowest, highest


def _extremes(values: Tensor, name: str) -> tuple[float, float]:
    """The smallest and the largest entry; both are NaN if one entry is, and then fail every comparison."""
    if not values.numel():
        raise ValueError(f"{name} must not be empty, got the shape {tuple(values.shape)}")
    lowest, highest = torch.aminmax(values.detach())
    return lowest.item(), highest.item()


def _check_lines(kernel: Tensor, zero: float, name: str) -> None:
    for axis, side in enumerate(("row", "column")):
        empty = (kernel.detach().amax(dim=1 - axis) == zero).nonzero().flatten()
        if len(empty):
            raise ValueError(f"{name} must have a positive entry in every {side}; {side} {empty[0]} has none")


def _check_masses(kernel: Tensor, row_mass: Tensor, column_mass: Tensor, name: str) -> None:
    for side, mass in (("row_mass", row_mass), ("column_mass", column_mass)):
        if mass.dtype != kernel.dtype:
            raise ValueError(f"{side} must have the dtype of {name}, {kernel.dtype}, got {mass.dtype}")
        if not ((mass > 0) & mass.isfinite()).all():
            raise ValueError(f"{side} must be positive and finite, got {mass.min():g} to {mass.max():g}")
    totals = row_mass.sum(dtype=torch.float64), column_mass.sum(dtype=torch.float64)
    if abs(totals[0] - totals[1]) > totals[0] * torch.finfo(kernel.dtype).eps ** 0.5:
        raise ValueError(f"row_mass and column_mass must have equal totals, got {totals[0]:.9g} and {totals[1]:.9g}")


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps must be >= 1, got {steps}")
