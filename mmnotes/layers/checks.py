"""When the values of tensors can be looked at."""

import torch
from torch import Tensor


def values_known(*tensors: Tensor) -> bool:
    """Whether the entries can be read: not on the meta device, nor while a function is traced or transformed.

    What a check asks of values it asks only then; ``torch.compile``, ``vmap`` and ``jacrev`` go past it. The answer is
    given before anything runs: there is nothing to trace.

    Shapes: any -> True or False.
    """
    if torch.compiler.is_compiling():
        return False
    return not (transformed(*tensors) or any(each.is_meta for each in tensors))


def transformed(*tensors: Tensor) -> bool:
    """Whether ``vmap``, ``jacrev``, ``jvp`` or another transform of ``torch.func`` is at work on any of the tensors.

    Not so while ``torch.compile`` traces, which sees through the transforms: there is nothing to trace.

    Shapes: tensors of any shape -> True or False.
    """
    if torch.compiler.is_compiling():
        return False
    return any(torch._C._functorch.is_functorch_wrapped_tensor(each) for each in tensors)
