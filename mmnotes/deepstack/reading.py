"""How much of one thing can be read from another by a linear map, and the most that so many numbers could tell.

Papers: Hoerl and Kennard, Ridge regression (1970); Eckart and Young, The approximation of one matrix by another of
lower rank (1936), for the bound.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Reading(NamedTuple):
    """A fitted linear map: ``x @ weights + offset``."""

    weights: Float[Tensor, "dim out"]
    offset: Float[Tensor, "out"]

    def of(self, x: Float[Tensor, "samples dim"]) -> Float[Tensor, "samples out"]:
        """What is read from x."""
        return x.to(self.weights.dtype) @ self.weights + self.offset


def linear_reading(
    x: Float[Tensor, "samples dim"], y: Float[Tensor, "samples out"], *, penalty: float = 1e-2
) -> Reading:
    """The linear map from x to y of least squared error, with a small price on its size.

    W = (XᵀX / n + penalty I)⁻¹ XᵀY / n, for X and Y around their means and X of deviation one in each column; the
    returned map takes x as it is.

    Shapes: x (samples, dim), y (samples, out) -> weights (dim, out), offset (out,), in float64.
    Units: penalty in variances of a column of X.
    Errors: ValueError for fewer than two samples, or for penalty <= 0.
    Source: Hoerl and Kennard 1970, equation 2.1, with n · penalty for k.
    """
    if len(x) < 2:
        raise ValueError(f"x must have at least two samples, got {len(x)}")
    if not penalty > 0:
        raise ValueError(f"penalty must be > 0, got {penalty}")
    x, y = x.double(), y.double()
    middle, width = x.mean(0), x.std(0).clamp(min=1e-9)
    columns, mean = (x - middle) / width, y.mean(0)
    moments = columns.T @ columns / len(x) + penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weights = torch.linalg.solve(moments, columns.T @ (y - mean) / len(x)) / width[:, None]
    return Reading(weights, mean - middle @ weights)


def explained(y: Float[Tensor, "samples out"], read: Float[Tensor, "samples out"]) -> Float[Tensor, ""]:
    """The share of the variance of y that ``read`` explains: 1 - Σ (y - read)² / Σ (y - mean)².

    0 for the mean of each column, 1 for y itself; below 0 for what is worse than the mean.

    Shapes: y and read (samples, out) -> ().
    Source: the coefficient of determination, over all columns together.
    """
    y, read = y.double(), read.double()
    return 1 - (y - read).square().sum() / (y - y.mean(0)).square().sum()


def most_explained(y: Float[Tensor, "samples out"], *, numbers: int) -> Float[Tensor, ""]:
    """The most that any linear map could explain of y from so many numbers a sample, however they were made.

    It is the share of the largest eigenvalues of the covariance of y: a map from m numbers has rank m at most, and the
    best of rank m keeps the first m principal components.

    Shapes: y (samples, out) -> ().
    Errors: ValueError for numbers < 0.
    Source: Eckart and Young 1936.
    """
    if numbers < 0:
        raise ValueError(f"numbers must be >= 0, got {numbers}")
    centred = y.double() - y.double().mean(0)
    sizes = torch.linalg.eigvalsh(centred.T @ centred).flip(0)
    return sizes[:numbers].sum() / sizes.sum()
