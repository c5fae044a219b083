"""Position ids of a conversation with text, images and films, as three generations of Qwen-VL number them.

Every token gets three ids: time, height, width. A text token has the same number three times, one more than the largest
id before it. The tokens of an image or a film that begins at s have s plus their frame, row and column.

Papers: Wang et al., Qwen2-VL (2024), section 2.1; Bai et al., Qwen2.5-VL technical report (2025), section 2.1; Bai et
al., Qwen3-VL technical report (2025), section 2.3.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor


class Text(NamedTuple):
    """A run of text tokens, among them those that mark the start and the end of an image or a film."""

    tokens: int


class Image(NamedTuple):
    """An image of height x width tokens, counted after neighbouring patches are merged."""

    height: int
    width: int


class Video(NamedTuple):
    """A film in one block: frame groups, each of height x width tokens and ``seconds`` after the one before.

    Source: Qwen2.5-VL technical report, section 2.1; a group is two frames, so ``seconds`` is 2 / fps.
    """

    frames: int
    height: int
    width: int
    seconds: float


class StampedVideo(NamedTuple):
    """A film as a row of images, each behind a time written out: ``stamps`` are the text tokens before each.

    Source: Qwen3-VL technical report, section 2.3; the stamp's tokens and the one that marks the start of vision.
    """

    stamps: tuple[int, ...]
    height: int
    width: int


_KINDS = (Text, Image, Video, StampedVideo)
Segment = Text | Image | Video | StampedVideo | tuple[Any, ...]  # a tuple: see `_recognised`
_TOO_LATE = 2**62  # one that rounding cannot carry out of 64 bits
Times = Callable[[Video], Tensor]


def position_ids_by_frame(segments: Sequence[Segment]) -> tuple[Int[Tensor, "3 tokens"], int]:
    """Ids of Qwen2-VL, where time counts frame groups, and the next free position.

    >>> ids, free = position_ids_by_frame([Text(2), Video(2, 1, 2, seconds=1.0), Text(1)])
    >>> ids
    tensor([[0, 1, 2, 2, 3, 3, 4],
            [0, 1, 2, 2, 2, 2, 4],
            [0, 1, 2, 3, 2, 3, 4]])

    Ids come from a list of sizes, before there is a tensor: there is nothing to trace.

    Shapes: segments (a list of Text, Image, Video) -> (3, tokens).
    Units: ids; the seconds of a film play no part.
    Errors: ValueError for no segments, a size that is no whole number >= 1, seconds that are infinite or <= 0, or a
    segment of another kind.
    Source: get_rope_index_2 of QwenLM/Qwen3-VL, qwen-vl-finetune/qwenvl/data/rope2d.py, which it equals.
    """
    return _numbered(segments, lambda video: torch.arange(video.frames))


def position_ids_by_time(
    segments: Sequence[Segment], *, ids_per_second: float = 2
) -> tuple[Int[Tensor, "3 tokens"], int]:
    """Ids of Qwen2.5-VL, where time counts seconds: frame group k has ⌊k · seconds · ids_per_second⌋.

    Groups less than 1 / ids_per_second apart may share an id. ``ids_per_second`` is 2 in the released models. Ids come
    from a list of sizes, before there is a tensor: there is nothing to trace.

    Shapes: segments (a list of Text, Image, Video) -> (3, tokens).
    Units: seconds from one frame group to the next.
    Errors: as ``position_ids_by_frame``, and ValueError for ids_per_second that are infinite or <= 0, or for a film so
    long that its ids do not fit 64 bits.
    Source: get_rope_index_25 of QwenLM/Qwen3-VL, qwen-vl-finetune/qwenvl/data/rope2d.py, which it equals, floats of 32
    bits before the floor included.
    """
    if not 0 < ids_per_second < math.inf:
        raise ValueError(f"ids_per_second must be > 0 and finite, got {ids_per_second}")

    def times(video: Video) -> Tensor:
        if not (video.frames - 1) * video.seconds * ids_per_second < _TOO_LATE:
            raise ValueError(f"seconds must give ids below 2**62 at {ids_per_second} ids a second, got {video}")
        return (torch.arange(video.frames) * video.seconds * ids_per_second).long()

    return _numbered(segments, times)


def position_ids_by_timestamp(segments: Sequence[Segment]) -> tuple[Int[Tensor, "3 tokens"], int]:
    """Ids of Qwen3-VL, where every frame group is a block of its own behind a written time.

    The time is in the words and in no id. Ids come from a list of sizes, before there is a tensor: there is nothing to
    trace.

    Shapes: segments (a list of Text, Image, StampedVideo) -> (3, tokens).
    Errors: ValueError for no segments, a size that is no whole number >= 1, or a segment of another kind.
    Source: get_rope_index_3 of QwenLM/Qwen3-VL, qwen-vl-finetune/qwenvl/data/rope2d.py, and transformers' Qwen3VLModel.
    """
    unrolled: list[Segment] = []
    for segment in map(_recognised, segments):
        if isinstance(segment, StampedVideo):
            _check_sizes(segment, (len(segment.stamps), *segment.stamps, segment.height, segment.width))
            for stamp in segment.stamps:
                unrolled += [Text(stamp), Image(segment.height, segment.width)]
        elif isinstance(segment, Video):
            raise ValueError(f"segments must give a film as StampedVideo here, got {segment}")
        else:
            unrolled.append(segment)
    return _numbered(unrolled, lambda video: torch.zeros(0))


def _numbered(segments: Sequence[Segment], times: Times) -> tuple[Tensor, int]:
    """Each segment's grid of ids, begun at one more than the largest id so far."""
    if not segments:
        raise ValueError("segments must hold at least one segment, got none")
    parts, free = [], 0
    for segment in map(_recognised, segments):
        parts.append(free + _grid(segment, times))
        free = int(parts[-1].max()) + 1
    return torch.cat(parts, dim=1), free


def _recognised(segment: Segment) -> Segment:
    """The segment as one of this module's kinds, told by its name and its fields.

    One that was made before the module was loaded again, as IPython's autoreload does after an edit, is of a class that
    is gone, and still means what it meant.
    """
    for kind in _KINDS:
        if type(segment).__name__ == kind.__name__ and getattr(segment, "_fields", ()) == kind._fields:
            return kind(*segment)
    raise ValueError(f"segments must hold Text, Image, Video or StampedVideo, got {segment!r}")


def _grid(segment: Segment, times: Times) -> Tensor:
    """The ids of one segment that begins at zero."""
    match segment:
        case Text(tokens):
            _check_sizes(segment, (tokens,))
            return torch.arange(tokens).expand(3, -1)
        case Image(height, width):
            _check_sizes(segment, segment)
            time = torch.zeros(1, dtype=torch.long)
        case Video(frames, height, width, seconds):
            _check_sizes(segment, (frames, height, width))
            if not 0 < seconds < math.inf:
                raise ValueError(f"seconds must be > 0 and finite, got {segment}")
            time = times(segment)
        case _:
            raise ValueError(f"segments must hold Text, Image and Video here, got {segment}")
    grid = torch.meshgrid(time, torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack(grid).flatten(1)


def _check_sizes(segment: Segment, sizes: Sequence[float]) -> None:
    if not sizes or not all(isinstance(size, Integral) and size >= 1 for size in sizes):
        raise ValueError(f"the sizes of a segment must be whole numbers >= 1, got {segment}")
