"""The vision tower of Qwen3-VL: pictures and films of any size become a row of tokens.

Papers: Wang et al., Qwen2-VL (2024), section 2.1; Bai et al., Qwen2.5-VL technical report (2025), section 2.1; Bai et
al., Qwen3-VL technical report (2025), section 2.

Differs:
- a row of patches and its grids are the whole interface: nothing is padded, and there is no batch axis;
- no dropout.
"""

from mmnotes.vision_tower.merger import Merger, joined
from mmnotes.vision_tower.patches import Grid, block_order, patchify, unpatchify
from mmnotes.vision_tower.positions import resampled_table, rotary_of
from mmnotes.vision_tower.sizes import (
    QWEN2_FRAME,
    QWEN2_PICTURE,
    QWEN3_FILM,
    QWEN3_PICTURE,
    Rule,
    film_grid,
    film_size,
    picture_grid,
    picture_size,
    sampled_frames,
)
from mmnotes.vision_tower.tower import VisionBlock, VisionTower, attend_in_runs, attended
from mmnotes.vision_tower.windows import WindowBlock, WindowTower, frame_ids, heard_of, window_ids

__all__ = [
    "QWEN2_FRAME",
    "QWEN2_PICTURE",
    "QWEN3_FILM",
    "QWEN3_PICTURE",
    "Grid",
    "Merger",
    "Rule",
    "VisionBlock",
    "VisionTower",
    "WindowBlock",
    "WindowTower",
    "attend_in_runs",
    "attended",
    "block_order",
    "film_grid",
    "film_size",
    "frame_ids",
    "heard_of",
    "joined",
    "patchify",
    "picture_grid",
    "picture_size",
    "resampled_table",
    "rotary_of",
    "sampled_frames",
    "unpatchify",
    "window_ids",
]
