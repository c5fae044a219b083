"""What the functions of ``mmnotes.arcface`` ask of the values in their arguments, and how they say so.

What is known without looking at an entry is asked always, everything else only where entries can be looked at.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.scales import check_finite as check_number
from mmnotes.layers.scales import check_positive


def check_finite(values: Float[Tensor, "..."], *, name: str) -> None:
    """Refuse a tensor that is empty, or has an entry that is infinite or NaN.

    Shapes: any -> nothing.
    Errors: ValueError that names the argument.
    """
    if not values.numel():
        raise ValueError(f"{name} must not be empty, got the shape {tuple(values.shape)}")
    if values_known(values) and not (finite := values.detach().isfinite()).all():
        raise ValueError(f"{name} must be finite, got {int((~finite).sum())} entries that are not")


def check_cosines(cosine: Float[Tensor, "batch classes"]) -> None:
    """Refuse what cannot be cosines, but for rounding: half the digits of the dtype beyond 1.

    Shapes: cosine (batch, classes) -> nothing.
    Errors: ValueError for an empty tensor, and for entries that are NaN or not from -1 to 1.
    """
    if not cosine.numel():
        raise ValueError(f"cosine must not be empty, got the shape {tuple(cosine.shape)}")
    if values_known(cosine):
        lowest, highest = (float(each) for each in cosine.detach().aminmax())  # both NaN if one entry is
        most = 1 + torch.finfo(cosine.dtype).eps ** 0.5
        if not -most <= lowest <= highest <= most:
            raise ValueError(f"cosine must lie from -1 to 1, got entries from {lowest:g} to {highest:g}")


def check_labels(labels: Int[Tensor, "batch"], *, classes: int) -> None:
    """Refuse a label that is the number of no class.

    Shapes: labels (batch,) -> nothing.
    Errors: ValueError that names the range.
    """
    if values_known(labels):
        lowest, highest = (int(each) for each in labels.aminmax())
        if lowest < 0 or highest >= classes:
            raise ValueError(f"labels must be between 0 and {classes - 1}, got {lowest} to {highest}")


def check_margins(*, m1: float, m2: float, m3: float, s: float) -> None:
    """Refuse margins that are none, and a scale that is none.

    There is nothing to trace.

    Errors: ValueError for m1 or s that is not positive and finite, m2 or m3 that is negative, infinite or NaN.
    """
    check_positive(m1, name="m1")
    check_positive(s, name="s")
    for name, margin in (("m2", m2), ("m3", m3)):
        check_number(margin, name=name)
        if margin < 0:
            raise ValueError(f"{name} must be >= 0, got {margin}")


def check_scores(scores: Float[Tensor, "pairs"], *, name: str) -> None:
    """Refuse scores of no pair, and scores that have no order.

    Shapes: scores (pairs,) -> nothing.
    Errors: ValueError for an empty tensor, and for NaN.
    """
    if not scores.numel():
        raise ValueError(f"{name} must hold at least one pair, got none")
    if values_known(scores) and scores.isnan().any():
        raise ValueError(f"{name} must be numbers, got {int(scores.isnan().sum())} times NaN")


def check_far(*, far: float) -> None:
    """Refuse a number that is no share.

    There is nothing to trace.

    Errors: ValueError for a number outside 0 to 1, or NaN.
    """
    if not 0 <= far <= 1:
        raise ValueError(f"far must be between 0 and 1, got {far}")
