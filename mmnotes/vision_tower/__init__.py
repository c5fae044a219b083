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
from mmnotes.vision_tower.tower import VisionBlock, VisionTower, attend_in_runs

__all__ = [
    "Grid",
    "Merger",
    "VisionBlock",
    "VisionTower",
    "attend_in_runs",
    "block_order",
    "joined",
    "patchify",
    "resampled_table",
    "rotary_of",
    "unpatchify",
]
