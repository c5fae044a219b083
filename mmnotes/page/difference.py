"""What sets a wrong result apart from the right one, in words."""

import math

import torch
from torch import Tensor

from mmnotes.page.comparison import is_close


def difference(got: Tensor, want: Tensor, *, tolerance: float) -> str:
    """What sets a wrong result apart from the right one, the plainest difference first."""
    return _of_kind(got, want, tolerance) or _of_values(got, want, tolerance)


def coarseness(got: Tensor, want: Tensor) -> str | None:
    """What to say where a whole number is wanted that the dtype of the result cannot hold."""
    if not got.is_floating_point() or want.is_floating_point() or torch.equal(want.to(got.dtype).to(want), want):
        return None
    return f"The answer is a whole number that {str(got.dtype).removeprefix('torch.')} cannot hold; count in integers."


def _of_kind(got: Tensor, want: Tensor, tolerance: float) -> str | None:
    if got.is_complex():
        return "The result is complex, and it should be real."
    if got.shape != want.shape:
        if want.ndim == 0:
            return f"The result should be one number, this has the shape {tuple(got.shape)}."
        turned = " It looks transposed." if got.ndim >= 2 and is_close(got.mT, want, tolerance=tolerance) else ""
        return f"The shape should be {tuple(want.shape)}, this is {tuple(got.shape)}.{turned}"
    if got.dtype == torch.bool and want.dtype != torch.bool:
        return "The result consists of truth values, and it should consist of numbers."
    if not got.isfinite().all():
        return "The result has an entry that is infinite or not a number."
    if got.ndim >= 2 and is_close(got.mT, want, tolerance=tolerance):
        return "It is the transpose of the answer."
    if want.dtype == torch.bool and torch.equal(got == 0, want):
        return "It is the opposite of the answer: True and False have changed places."
    return None


def _of_values(got: Tensor, want: Tensor, tolerance: float) -> str:
    left, right, many = got.double(), want.double(), got.numel() > 1
    if want.dtype != torch.bool:
        if is_close(-left, right, tolerance=tolerance):
            return "The sign is off."
        factor = float((left * right).sum() / right.square().sum().clamp_min(1e-300))
        if many and factor and is_close(left / factor, right, tolerance=tolerance):
            return f"It is {_apart(factor, 1.0)[0]} times the answer: a constant factor is off."
        shift = float((left - right).mean())
        if many and is_close(left - shift, right, tolerance=tolerance):
            return f"Every entry is off by the same {shift:.4g}."
    if not many:
        return _of_numbers(got, want)
    off = (left - right).abs()
    place = tuple(int(i) for i in torch.unravel_index(off.argmax(), want.shape))
    if want.dtype == torch.bool:
        here, there = str(not want[place]), str(bool(want[place]))
    else:
        here, there = _apart(float(left[place]), float(right[place]))
    where = f"the largest difference is at {place}, where {here} should be {there}"
    return f"The shape is right, the values are not; {where}."


def _of_numbers(got: Tensor, want: Tensor) -> str:
    """How far one number is from the other, in digits that show it."""
    value, right = got.item(), want.item()
    way = "large" if value > right else "small"
    if value == int(value) and not want.is_floating_point():
        return f"{int(value)} is too {way} by {abs(int(value) - right)}."
    digits = round(1 - math.log10(torch.finfo(got.dtype).eps)) if got.is_floating_point() else 12
    ratio = f" ({_apart(value / right, 1.0)[0]} times the answer)" if value * right > 0 else ""
    return f"{value:.{min(digits, 12)}g} is too {way} by {abs(value - right):.2g}{ratio}."


def _apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers in as many digits as tell them apart, four at least."""
    shown = [(f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in range(4, 18)]
    return next((pair for pair in shown if pair[0] != pair[1]), shown[-1])
