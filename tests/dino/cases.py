"""Logits that many tests of DINO share."""

import torch
from torch import Tensor


def waves(crops: int, batch: int, prototypes: int, *, shift: float = 0.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """0.5 cos(3b + 5k + bk + 7v + shift) for crop v, picture b, prototype k."""
    v, b, k = torch.meshgrid(torch.arange(crops), torch.arange(batch), torch.arange(prototypes), indexing="ij")
    return (0.5 * torch.cos(3.0 * b + 5.0 * k + b * k + 7.0 * v + shift)).to(dtype)
