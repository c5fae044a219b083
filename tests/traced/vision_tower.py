"""The vision tower of Qwen3-VL and the windows of Qwen2.5-VL's."""

from functools import partial

import torch
from torch import Tensor, randn

from mmnotes.vision_tower import (
    Grid,
    Merger,
    VisionBlock,
    VisionTower,
    WindowBlock,
    attend_in_runs,
    attended,
    heard_of,
    joined,
    patchify,
    resampled_table,
    rotary_of,
    unpatchify,
)
from tests.traced import Traced

GRIDS = [Grid(2, 2, 4), Grid(1, 4, 2)]
SIZES = {"channels": 1, "patch": 2, "merge": 2, "dim": 8, "depth": 2, "heads": 2, "hidden": 6}
ORDER = "Numbers come from a size, before there is a tensor: there is nothing to trace."
WINDOWS = "Windows are counted before the first block, and what is counted cannot be traced."
NUMBER = "A number of a number: there is nothing to trace."


def row(count: int = 24) -> Tensor:
    """Patches of the grids."""
    return randn(count, 8)


def tower() -> VisionTower:
    """A small one."""
    return VisionTower(side=3, **SIZES)


def block_inputs() -> tuple[Tensor, Tensor, Tensor]:
    """Patches and their rotation."""
    angles = randn(1, 6, 2)
    return randn(6, 8), angles.cos(), angles.sin()


def patches_of(film: Tensor) -> Tensor:
    """The row alone, without its grid."""
    patches, _ = patchify(film, patch=2, merge=2)
    return patches


# Of a function without tensors there is only the compiled form.
NONE = ()
TRACED = [
    Traced("vision_tower.patchify", lambda: (patches_of, (randn(3, 1, 4, 8),))),
    Traced("vision_tower.unpatchify", lambda: (partial(unpatchify, grid=GRIDS[0], patch=2, merge=2), (row(16),))),
    Traced("vision_tower.joined", lambda: (partial(joined, block=4), (row(),))),
    Traced("vision_tower.Merger", lambda: (Merger(dim=8, merge=2, out=3), (row(8),))),
    Traced(
        "vision_tower.resampled_table", lambda: (partial(resampled_table, grid=GRIDS[1], merge=2), (randn(5, 5, 2),))
    ),
    Traced("vision_tower.rotary_of", lambda: (partial(rotary_of, GRIDS, planes=4, merge=2), ()), NONE),
    Traced(
        "vision_tower.attend_in_runs", lambda: (partial(attend_in_runs, lengths=[2, 2, 3]), tuple(randn(3, 1, 2, 7, 4)))
    ),
    Traced(
        "vision_tower.attended",
        lambda: (partial(attended, heads=2, lengths=[4, 2]), (randn(6, 24), randn(1, 6, 2), randn(1, 6, 2))),
    ),
    Traced(
        "vision_tower.VisionBlock",
        lambda: (partial(VisionBlock(dim=8, heads=2, hidden=6), lengths=[4, 2]), block_inputs()),
    ),
    Traced(
        "vision_tower.WindowBlock",
        lambda: (partial(WindowBlock(dim=8, heads=2, hidden=6), lengths=[4, 2]), block_inputs()),
    ),
    Traced("vision_tower.VisionTower", lambda: (partial(VisionTower(side=3, **SIZES), grids=GRIDS), (row(),))),
    Traced(
        "vision_tower.VisionTower.states", lambda: (partial(VisionTower(side=3, **SIZES).states, grids=GRIDS), (row(),))
    ),
    Traced(
        "vision_tower.VisionTower.embed", lambda: (partial(VisionTower(side=3, **SIZES).embed, grids=GRIDS), (row(),))
    ),
    # Who hears of whom is true or false, which has no slope.
    Traced(
        "vision_tower.heard_of",
        lambda: (lambda a, b: heard_of([a, b]), (torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 1, 1]))),
        ("vmap",),
    ),
]
UNTRACED = {
    "vision_tower.WindowTower": WINDOWS,
    "vision_tower.WindowTower.state": WINDOWS,
    "vision_tower.block_order": ORDER,
    "vision_tower.window_ids": ORDER,
    "vision_tower.frame_ids": ORDER,
    "vision_tower.picture_size": NUMBER,
    "vision_tower.picture_grid": NUMBER,
    "vision_tower.film_size": NUMBER,
    "vision_tower.film_grid": NUMBER,
    "vision_tower.sampled_frames": NUMBER,
}
