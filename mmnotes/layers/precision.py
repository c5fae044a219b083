"""What is computed in single precision whatever comes in: cosines, the logits made of them, and losses."""

from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Float
from torch import Tensor


def promoted(*tensors: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], ...]:
    """The tensors in the widest of their dtypes, at least float32.

    Shapes: any number of tensors -> as many of the same shapes.
    """
    dtype = torch.float32
    for each in tensors:
        dtype = torch.promote_types(dtype, each.dtype)
    return tuple(each.to(dtype) for each in tensors)


def without_autocast(device: torch.device) -> AbstractContextManager[None]:
    """Inside, a product has the dtype of its factors, also where the caller has autocast on.

    Autocast takes the factors of a product to half precision at the moment of the product, and with them what was
    promoted on purpose. The backward pass belongs outside of autocast, as PyTorch asks.

    A context is no tensor: of it alone there is nothing to trace.
    """
    if device.type == "meta":  # it computes nothing, and has no autocast to leave
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
