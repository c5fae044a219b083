"""The tower, mergers and levels of the small Qwen3-VL, random or as that model's training left them."""

from collections.abc import Sequence

import torch
from torch import nn

from mmnotes.deepstack.levels import LevelledTower
from mmnotes.layers.stored import stored_arrays
from mmnotes.vision_tower import VisionTower

PATCH, MERGE, SIDE, DIM, OUT = 8, 2, 12, 96, 128
LEVELS = (1, 3, 4)  # of 6 blocks, as 8, 16, 24 of 27


def small_tower(*, levels: Sequence[int] = LEVELS) -> LevelledTower:
    """A tower with random weights, each map's of a size that keeps what it is given.

    Shapes: as ``LevelledTower``, for patches of 3 · 2 · 8² values.
    Units: pixels from -1 to 1.
    """
    tower = VisionTower(channels=3, patch=PATCH, merge=MERGE, side=SIDE, dim=DIM, depth=6, heads=4, hidden=4 * DIM)
    model = LevelledTower(tower=tower, dim=DIM, merge=MERGE, out=OUT, levels=levels)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
    return model


def pretrained_tower() -> LevelledTower:
    """The tower of the small model that answers, frozen.

    A file is read, which cannot be traced.

    Shapes: as ``LevelledTower``.
    Source: trained by tools/qwen3_vl/train.py.
    """
    with torch.device("meta"):
        model = small_tower()
    model.load_state_dict(stored_arrays(__package__, "weights.npz"), assign=True)
    return model.requires_grad_(False)
