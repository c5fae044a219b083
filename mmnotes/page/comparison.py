"""A result beside the right one: read from whatever form it has, compared at the precision of its dtype."""

from functools import reduce

import numpy as np
import torch
from torch import Tensor

# A result may be off by so many roundings of its dtype, whatever the exercise asks for.
_ROUNDINGS = 4


class UnusableError(Exception):
    """An answer that cannot be compared; the message says why, in sentences for the reader."""


def tensor_of(value: object) -> Tensor:
    """A number, a tensor, an array or a (nested) list of them as a tensor on the CPU.

    Floats of Python count as float64; whole numbers, truth values and complex numbers keep their kind.

    Errors: UnusableError for anything else, for a ragged list, and for a tensor on the meta device.
    """
    if value is None or value is ...:
        raise UnusableError("There is no result: is a return missing?")
    if isinstance(value, Tensor):
        if value.is_meta:
            raise UnusableError("The result is a tensor on the meta device, which has a shape and no values.")
        return value.detach().cpu()
    if isinstance(value, list | tuple | range):
        return _stacked([tensor_of(entry) for entry in value])
    try:
        if hasattr(value, "__array__"):
            return torch.as_tensor(np.array(value, order="C"))
        if isinstance(value, bool | complex):
            return torch.tensor(value, dtype=torch.bool if isinstance(value, bool) else torch.complex128)
        if isinstance(value, int) and value.bit_length() < 64:
            return torch.tensor(value)
        if hasattr(value, "__float__"):
            return torch.tensor(float(value), dtype=torch.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise UnusableError(f"The result should be a number, a tensor or a list, this is of type {type(value).__name__}.")


def _stacked(parts: list[Tensor]) -> Tensor:
    if len({part.shape for part in parts}) > 1:
        raise UnusableError("The result is a list whose entries differ in shape.")
    kind = reduce(torch.promote_types, [part.dtype for part in parts], torch.bool)
    return torch.stack([part.to(kind) for part in parts]) if parts else torch.zeros(0)


def is_close(got: Tensor, want: Tensor, *, tolerance: float) -> bool:
    """Whether a result is the wanted one, at the tolerance or at a few roundings of its dtype, whichever is more.

    Whole numbers and truth values are wanted exactly, and nothing complex passes for something real.
    """
    if got.shape != want.shape or got.is_complex() or (got.dtype == torch.bool and want.dtype != torch.bool):
        return False
    if not want.is_floating_point():
        exact = torch.float64 if got.is_floating_point() else torch.int64
        return torch.equal(got.to(exact), want.to(exact))
    if got.is_floating_point():
        tolerance = max(tolerance, _ROUNDINGS * torch.finfo(got.dtype).eps)
    got, want = got.double(), want.double()
    size = float(want[want.isfinite()].abs().mean().nan_to_num())
    return torch.allclose(got, want, rtol=tolerance, atol=tolerance * size)


def gap(got: list[Tensor], want: list[Tensor]) -> float:
    """The largest difference of any two entries."""
    pairs = zip(got, want, strict=True)
    return max(float((one.double() - other.double()).nan_to_num().abs().max()) for one, other in pairs)
