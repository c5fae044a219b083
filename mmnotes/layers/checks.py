"""When the values of tensors can be looked at."""

import torch
from torch import Tensor


def values_known(*tensors: Tensor) -> bool:
    """Whether the entries can be read: not on the meta device, nor while a function is traced or transformed.

    What a check asks of values it asks only then; ``torch.compile``, ``vmap`` and ``jacrev`` go past it.

    Shapes: any -> True or False.
    """
    if torch.compiler.is_compiling():
        return False
    return not any(each.is_meta or torch._C._functorch.is_functorch_wrapped_tensor(each) for each in tensors)
