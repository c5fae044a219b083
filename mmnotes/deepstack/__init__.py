"""DeepStack in Qwen3-VL: levels of the vision tower return in the first layers of the language model.

Papers: Meng et al., DeepStack (2024); Bai et al., Qwen3-VL technical report (2025), section 2.

Differs:
- of the DeepStack paper: levels of one tower instead of tokens of a picture at higher resolution, as Qwen3-VL has it;
- a level is added by ``with_level`` between two layers: which layers these are is the language model's business.
"""

from mmnotes.deepstack.levels import LevelledTower, LevelMerger, with_level
from mmnotes.deepstack.reading import Reading, explained, linear_reading, most_explained

__all__ = [
    "LevelMerger",
    "LevelledTower",
    "Reading",
    "explained",
    "linear_reading",
    "most_explained",
    "with_level",
]
