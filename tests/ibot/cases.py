"""Logits and masks that many tests of iBOT share."""

import torch
from torch import Tensor


def waves(*shape: int, shift: float = 0.0) -> Tensor:
    """0.5 cos(3b + 5k + bk + 7v + 2i + shift) for crop v, picture b, patch i where there are patches, prototype k."""
    v, b, *i, k = torch.meshgrid(*map(torch.arange, shape), indexing="ij")
    return 0.5 * torch.cos(3.0 * b + 5.0 * k + b * k + 7.0 * v + (2.0 * i[0] if i else 0.0) + shift)


def some_masked(views: int = 2, batch: int = 4, patches: int = 6) -> Tensor:
    """A fourth of the patches, and none of the second view's third picture."""
    v, b, i = torch.meshgrid(torch.arange(views), torch.arange(batch), torch.arange(patches), indexing="ij")
    return ((3 * v + 2 * b + 5 * i) % 4 == 0) & ~((v == 1) & (b == 2))
