"""How large a picture or a film becomes, and so how many tokens it costs.

Both sides become multiples of a token's side, the aspect is kept as nearly as that allows, and a lower and an upper
bound hold for the number of pixels. The bounds are those of the released processors.

Papers: Wang et al., Qwen2-VL (2024), section 2.1, for pictures of any size; Bai et al., Qwen3-VL technical report
(2025), section 2.
"""

import math
from typing import NamedTuple

from mmnotes.vision_tower.patches import PAIR, Grid

MOST_ASPECT = 200  # of the longer side to the shorter


class Rule(NamedTuple):
    """Pixels of a patch's side, patches of a token's side, and the least and the most pixels of the whole."""

    patch: int
    merge: int
    least: int
    most: int

    @property
    def factor(self) -> int:
        """Pixels of a token's side."""
        return self.patch * self.merge


QWEN2_PICTURE = Rule(14, 2, 4 * 28**2, 16384 * 28**2)  # Qwen2-VL and Qwen2.5-VL
QWEN2_FRAME = Rule(14, 2, 128 * 28**2, 768 * 28**2)  # of each frame of a film by itself
QWEN3_PICTURE = Rule(16, 2, 64 * 32**2, 16384 * 32**2)
QWEN3_FILM = Rule(16, 2, 4 * 32**2, 24576 * 32**2)  # of all frames together


def picture_size(*, height: int, width: int, rule: Rule) -> tuple[int, int]:
    """The height and the width to which a picture is resized.

    The nearest multiples of the factor; where they have too many pixels, the largest multiples that fit and keep the
    aspect; where they have too few, the smallest that reach. ``round`` takes a half to the even side: with a factor
    of 32, 1,040 pixels become 1,024 and 1,072 become 1,088. A side below half the factor counts as 0, so that a strip
    is sent to the lower bound, which may shrink it: with a factor of 28, 10 by 2,000 pixels become 28 by 812.

    A number of a number: there is nothing to trace.

    >>> picture_size(height=800, width=1440, rule=QWEN3_PICTURE)
    (800, 1440)

    Units: pixels.
    Errors: ValueError for a side < 1, or one more than 200 times the other.
    Source: transformers' smart_resize of Qwen2VLImageProcessorPil. The authors' own qwen_vl_utils/vision_process.py
    takes at least one factor for a side, and gives 28 by 1,988 for the strip.
    """
    _check(height=height, width=width)
    _check_aspect(height, width)
    return _bounded(height, width, frames=1, counted=1, rule=rule)


def picture_grid(*, height: int, width: int, rule: Rule) -> Grid:
    """The patches of a picture of any size: how many tokens it costs is ``.tokens(merge=rule.merge)``.

    A number of a number: there is nothing to trace.

    >>> picture_grid(height=1080, width=1920, rule=QWEN3_PICTURE).tokens(merge=2)
    2040

    Units: pixels.
    Errors: as ``picture_size``.
    Source: as ``picture_size``.
    """
    tall, wide = picture_size(height=height, width=width, rule=rule)
    return Grid(1, tall // rule.patch, wide // rule.patch)


def film_size(*, frames: int, height: int, width: int, rule: Rule) -> tuple[int, int]:
    """The height and the width to which all frames of a film are resized, where the bounds hold for their total.

    What is smaller than a token is enlarged first. An odd number of frames is counted as the nearest multiple of two,
    a half to the even side: 5 frames count as 4, though they become 3 pairs, and the upper bound may be passed.

    A number of a number: there is nothing to trace.

    Units: frames that were sampled, pixels.
    Errors: ValueError for fewer than two frames, a side < 1, or one more than 200 times the other.
    Source: transformers' smart_resize of Qwen3VLVideoProcessor.
    Differs: no cap for a frame, which qwen_vl_utils has, and the processor with cap_pixels_per_frame=True.
    """
    _check(height=height, width=width)
    if frames < PAIR:
        raise ValueError(f"frames must be >= {PAIR}, got {frames}")
    if height < rule.factor or width < rule.factor:
        scale = max(rule.factor / height, rule.factor / width)
        height, width = int(height * scale), int(width * scale)
    _check_aspect(height, width)
    return _bounded(height, width, frames=frames, counted=round(frames / PAIR) * PAIR, rule=rule)


def film_grid(*, frames: int, height: int, width: int, rule: Rule) -> Grid:
    """The patches of a film: pairs of frames, rows and columns.

    A number of a number: there is nothing to trace.

    >>> shown = sampled_frames(frames=1500, rate=25.0)
    >>> film_grid(frames=shown, height=720, width=1280, rule=QWEN3_FILM)
    Grid(frames=60, rows=20, columns=38)

    Units: frames that were sampled, pixels.
    Errors: as ``film_size``.
    Source: as ``film_size``.
    """
    tall, wide = film_size(frames=frames, height=height, width=width, rule=rule)
    return Grid(-(-frames // PAIR), tall // rule.patch, wide // rule.patch)


def sampled_frames(*, frames: int, rate: float) -> int:
    """How many of a film's frames Qwen3-VL is shown: two a second, at least 4, at most 768, and no more than there are.

    A number of a number: there is nothing to trace.

    Units: rate in frames a second.
    Errors: ValueError for frames < 1 or a rate that is not > 0 and finite.
    Source: transformers' Qwen3VLVideoProcessor.sample_frames.
    """
    _check(frames=frames)
    if not 0 < rate < math.inf:
        raise ValueError(f"rate must be > 0 and finite, got {rate}")
    return min(max(int(frames / rate * 2), 4), 768, frames)


def _bounded(
    height: int,
    width: int,
    *,
    frames: int,
    counted: int,
    rule: Rule,
) -> tuple[int, int]:
    factor, sides, pixels = rule.factor, (height, width), frames * height * width
    tall, wide = (round(side / factor) * factor for side in sides)
    if counted * tall * wide > rule.most:
        shrink = math.sqrt(pixels / rule.most)
        tall, wide = (max(1, math.floor(side / shrink / factor)) * factor for side in sides)
    elif counted * tall * wide < rule.least:
        grow = math.sqrt(rule.least / pixels)
        tall, wide = (math.ceil(side * grow / factor) * factor for side in sides)
    return tall, wide


def _check(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be >= 1, got {count}")


def _check_aspect(height: int, width: int) -> None:
    aspect = max(height, width) / min(height, width)
    if aspect > MOST_ASPECT:
        raise ValueError(f"height and width must be at most {MOST_ASPECT} to 1, got {height} by {width}")
