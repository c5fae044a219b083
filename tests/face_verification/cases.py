"""What the tests of this chapter share: faces found once, and points made by a formula."""

from functools import cache

import torch
from torch import Tensor

from mmnotes.face_verification.pretrained import portraits
from mmnotes.face_verification.verification import Face, only_face


@cache
def faces() -> dict[str, Face]:
    """What the pipeline makes of the two portraits."""
    return {name: only_face(picture, name=name) for name, picture in portraits().items()}


def waves(size: int) -> Tensor:
    """sin(0.5 x + 0.3 y (k + 1) + k) for channel k, row y, column x; (1, 3, size, size)."""
    k, y, x = torch.meshgrid(torch.arange(3.0), torch.arange(float(size)), torch.arange(float(size)), indexing="ij")
    return torch.sin(0.5 * x + 0.3 * y * (k + 1) + k)[None]


def points() -> tuple[Tensor, Tensor]:
    """Five points of the plane and their targets."""
    k = torch.arange(5.0, dtype=torch.float64)
    first = torch.stack([30 * (1.3 * k).cos() + 50, 20 * (2.1 * k).sin() + 40], 1)
    column = 25 * (1.3 * k + 0.3).cos() + 70 + 3 * (5 * k).sin()
    return first, torch.stack([column, 18 * (2.1 * k - 0.2).sin() + 60], 1)


def points_in_space() -> tuple[Tensor, Tensor]:
    """Five points of space and their targets."""
    k = torch.arange(5.0, dtype=torch.float64)
    first = torch.stack([k.cos(), (2 * k).sin(), (3 * k + 1).cos()], 1)
    return first, torch.stack([k.sin(), 2 * (2 * k).cos(), (3 * k + 1).sin() + k / 5], 1)
