"""Position ids of a conversation with text, images and films, as three generations of Qwen-VL number them.

Every token gets three ids: time, height, width. A text token has the same number three times, one more than the largest
id before it. The tokens of an image or a film that begins at s have s plus their frame, row and column.

Papers: Wang et al., Qwen2-VL (2024), section 2.1; Bai et al., Qwen2.5-VL technical report (2025), section 2.1; Bai et
al., Qwen3-VL technical report (2025), section 2.3.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor


class Text(NamedTuple):
    """A run of text tokens, among them those that mark the start and the end of an image or a film.

    Shapes: no tensor.
    Source: Qwen2-VL, section 2.1.
    """

    tokens: int


class Image(NamedTuple):
    """An image of height x width tokens, counted after neighbouring patches are merged.

    Shapes: no tensor.
    Source: Qwen2-VL, section 2.1.
    """

    height: int
    width: int


class Video(NamedTuple):
    """A film in one block: frame groups, each of height x width tokens and ``seconds`` after the one before.

    Shapes: no tensor.
    Source: Qwen2.5-VL technical report, section 2.1; a group is two frames, so ``seconds`` is 2 / fps.
    """

    frames: int
    height: int
    width: int
    seconds: float


class StampedVideo(NamedTuple):
    """A film as a row of images, each behind a time written out: ``stamps`` are the text tokens before each.

    Shapes: no tensor.
    Source: Qwen3-VL technical report, section 2.3; the stamp's tokens and the one that marks the start of vision.
    """

    stamps: tuple[int, ...]
    height: int
    width: int


Segment = Text | Image | Video | StampedVideo
Times = Callable[[Video], Tensor]


def position_ids_by_frame(segments: Sequence[Segment]) -> tuple[Int[Tensor, "3 tokens"], int]:
    """Ids of Qwen2-VL, where time counts frame groups, and the next free position.

    Shapes: segments (a list of Text, Image, Video) -> (3, tokens).
    Units: ids; the seconds of a film play no part.
    Errors: ValueError for no segments, a size < 1, seconds <= 0, or a segment of another kind.
    Source: get_rope_index_2 of QwenLM/Qwen3-VL, qwen-vl-finetune/qwenvl/data/rope2d.py, which it equals.
    """
    return _numbered(segments, lambda video: torch.arange(video.frames))


def position_ids_by_time(
    segments: Sequence[Segment], *, ids_per_second: float = 2
) -> tuple[Int[Tensor, "3 tokens"], int]:
    """Ids of Qwen2.5-VL, where time counts seconds: frame group k has ⌊k · seconds · ids_per_second⌋.

    Groups less than 1 / ids_per_second apart may share an id. ``ids_per_second`` is 2 in the released models.

    Shapes: segments (a list of Text, Image, Video) -> (3, tokens).
    Units: seconds from one frame group to the next.
    Errors: as ``position_ids_by_frame``, and ValueError for ids_per_second <= 0.
    Source: get_rope_index_25 of QwenLM/Qwen3-VL, qwen-vl-finetune/qwenvl/data/rope2d.py, which it equals, floats of 32
    bits before the floor included.
    """
    if not ids_per_second > 0:
        raise ValueError(f"ids_per_second must be > 0, got {ids_per_second}")
    return _numbered(segments, lambda video: (torch.arange(video.frames) * video.seconds * ids_per_second).long())


def position_ids_by_timestamp(segments: Sequence[Segment]) -> tuple[Int[Tensor, "3 tokens"], int]:
    """Ids of Qwen3-VL, where every frame group is a block of its own behind a written time.

    Shapes: segments (a list of Text, Image, StampedVideo) -> (3, tokens).
    Units: ids; the time is in the words.
    Errors: ValueError for no segments, a size < 1, or a segment of another kind.
    Source: get_rope_index_3 of QwenLM/Qwen3-VL, qwen-vl-finetune/qwenvl/data/rope2d.py, and transformers' Qwen3VLModel.
    """
    unrolled: list[Segment] = []
    for segment in segments:
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
    for segment in segments:
        parts.append(free + _grid(segment, times))
        free = int(parts[-1].max()) + 1
    return torch.cat(parts, dim=1), free


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
            if not seconds > 0:
                raise ValueError(f"seconds must be > 0, got {segment}")
            time = times(segment)
        case _:
            raise ValueError(f"segments must hold Text, Image and Video here, got {segment}")
    grid = torch.meshgrid(time, torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack(grid).flatten(1)


def _check_sizes(segment: Segment, sizes: Sequence[int]) -> None:
    if min(sizes, default=0) < 1:
        raise ValueError(f"every size of a segment must be >= 1, got {segment}")
