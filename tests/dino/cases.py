"""Logits that many tests of DINO share; and what is asked of shipped backbones, those of later chapters too."""

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from mmnotes.data import Scenes, scenes
from mmnotes.dino.pretrained import SEEDS
from mmnotes.layers.vision_transformer import VisionTransformer


def waves(crops: int, batch: int, prototypes: int, *, shift: float = 0.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """0.5 cos(3b + 5k + bk + 7v + shift) for crop v, picture b, prototype k."""
    v, b, k = torch.meshgrid(torch.arange(crops), torch.arange(batch), torch.arange(prototypes), indexing="ij")
    return (0.5 * torch.cos(3.0 * b + 5.0 * k + b * k + 7.0 * v + shift)).to(dtype)


@cache
def unseen() -> Scenes:
    """Scenes of concepts, grounds and a vendor that no run has seen, and nobody has asked about."""
    return scenes(100, vendors=("twemoji",), held_out=True, seed=7, most=1)


def check_shipped(backbone_of: Callable[..., VisionTransformer], **which: str) -> None:
    """The backbones of all seeds are frozen and differ; there is no other seed."""
    every = [backbone_of(**which, seed=seed) for seed in SEEDS]
    assert not any(each.requires_grad for model in every for each in model.parameters())
    assert torch.pdist(torch.stack([model.blocks[0].up.weight for model in every]).flatten(1)).min() > 0.1
    with pytest.raises(ValueError, match=r"seed must be one of \(0, 1, 2\), got 3"):
        backbone_of(**which, seed=3)
