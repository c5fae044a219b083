"""DeepStack: levels, their mergers, where they are added, and how much can be read."""

from functools import partial

import torch
from torch import Tensor, nn

from mmnotes.deepstack import LevelledTower, LevelMerger, explained, linear_reading, most_explained, with_level
from mmnotes.vision_tower import Grid, VisionTower
from tests.traced import Traced, filled, rand


def tower() -> nn.Module:
    vision = VisionTower(channels=1, patch=1, merge=2, side=3, dim=8, depth=3, heads=2, hidden=5)
    return filled(LevelledTower(tower=vision, dim=8, merge=2, out=3, levels=[0, 1]))


def states() -> tuple[Tensor, ...]:
    """Three visual tokens of five in one row and two in the other, and their level."""
    visual = torch.tensor([[False, True, True, False, True], [True, True, False, False, False]])
    return rand(2, 5, 3), visual, rand(5, 3)


GRIDS = [Grid(1, 2, 4), Grid(1, 2, 2)]
TRACED = [
    Traced("deepstack.LevelMerger", lambda: (filled(LevelMerger(dim=3, merge=2, out=5)), (rand(8, 3),))),
    # A row of pictures has no batch axis, and PyTorch's fused attention no rule for one.
    Traced("deepstack.LevelledTower", lambda: (partial(tower(), grids=GRIDS), (rand(12, 2),)), ()),
    Traced("deepstack.with_level", lambda: (with_level, states())),
    Traced("deepstack.linear_reading", lambda: (linear_reading, (rand(11, 3), rand(11, 2)))),
    Traced("deepstack.explained", lambda: (explained, (rand(7, 3), rand(7, 3)))),
    Traced("deepstack.most_explained", lambda: (partial(most_explained, numbers=2), (rand(11, 5),))),
]
UNTRACED: dict[str, str] = {}
