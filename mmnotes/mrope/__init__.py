"""MRoPE: three axes of position, time, height and width, on one ladder of frequencies.

Every plane of a head reads one of the three ids of its token. Which one is a table of axes, and the only thing in which
the sectioned layout of Qwen2-VL and Qwen2.5-VL and the interleaved one of Qwen3-VL differ.

Papers: Wang et al., Qwen2-VL (2024), section 2.1; Bai et al., Qwen2.5-VL technical report (2025), section 2.1; Bai et
al., Qwen3-VL technical report (2025), section 2.1; Huang et al., Revisiting multimodal positional encoding in
vision-language models (2025), for interleaving.

Differs:
- tables for halves and for any of the three sizes; no scaling of the ladder to longer contexts;
- the tables are in float32, and half as wide as those of transformers.
"""

from mmnotes.mrope.axes import axis_frequencies, interleaved, rotary, sectioned
from mmnotes.mrope.partial import rotate_first
from mmnotes.mrope.position_ids import (
    Image,
    StampedVideo,
    Text,
    Video,
    position_ids_by_frame,
    position_ids_by_time,
    position_ids_by_timestamp,
)

__all__ = [
    "Image",
    "StampedVideo",
    "Text",
    "Video",
    "axis_frequencies",
    "interleaved",
    "position_ids_by_frame",
    "position_ids_by_time",
    "position_ids_by_timestamp",
    "rotary",
    "rotate_first",
    "sectioned",
]
