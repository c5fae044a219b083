"""Exercises of the chapter on MRoPE."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmnotes.layers.rotation import frequency_ladder
from mmnotes.mrope.axes import interleaved, sectioned
from mmnotes.mrope.partial import rotate_first
from mmnotes.mrope.position_ids import Text, Video, position_ids_by_time
from mmnotes.page.exercises import Exercise

_X = torch.cos(torch.arange(48.0, dtype=torch.float64).reshape(4, 12) ** 1.5)
_IDS = torch.tensor([[0, 2, 5, 7], [3, 1, 4, 2], [6, 8, 1, 9]])
_HEADS = ((_X, _IDS, [0, 1, 2], 50.0), (_X[:, :10], _IDS.flip(0), [2, 0, 1, 0], 9.0))


def _axes(sections: Sequence[int]) -> list[int]:
    return [int(axis) for axis in interleaved(sections)]


def _axes_mistakes(sections: Sequence[int]) -> dict[str, Any]:
    leftover = "What is left over belongs to time, not to the axis whose turn it would be."
    swapped = "Height takes the planes 1, 4, 7, ... and width 2, 5, 8, ...; here they have changed places."
    used_up = "An axis that is used up leaves its places to time; the others keep theirs and do not move up."
    return {
        "This is the sectioned map.": sectioned(sections),
        leftover: torch.arange(sum(sections)) % 3,
        swapped: [(3 - axis) % 3 for axis in _axes(sections)],
        "Left-over planes come at the end, not at the start.": _axes(sections)[::-1],
        used_up: _axes_in_turn(sections),
        "Time is 0, height 1 and width 2; here the count starts at 1.": [axis + 1 for axis in _axes(sections)],
    }


def _axes_in_turn(sections: Sequence[int]) -> list[int]:
    """The axes in turn, past those that have no plane left."""
    turns = [(turn, axis) for axis, size in enumerate(sections) for turn in range(size)]
    return [axis for _, axis in sorted(turns)]


def _turned_by(x: Tensor, angle: Tensor) -> Tensor:
    return rotate_first(x[None, None], angle.cos()[None], angle.sin()[None])[0, 0]


def _part_turned(x: Tensor, ids: Tensor, axes: Sequence[int], base: float) -> Tensor:
    return _turned_by(x, ids[list(axes)].T * frequency_ladder(planes=len(axes), base=base, dtype=x.dtype))


def _part_turned_mistakes(x: Tensor, ids: Tensor, axes: Sequence[int], base: float) -> dict[str, Any]:
    planes, half, own = len(axes), x.shape[1] // 2, ids[list(axes)].T
    angle = own * frequency_ladder(planes=planes, base=base, dtype=x.dtype)
    by_dim = own * frequency_ladder(planes=half, base=base, dtype=x.dtype)[:planes]
    filled, kept = torch.cat([angle, 0 * x[:, : half - planes]], dim=1), torch.arange(2 * half) < 2 * planes
    whole_head = "The halves are those of the turned part: entry j goes with j + N, not with j + dim / 2."
    return {
        whole_head: _turned_by(x, filled),
        "The exponent is j / N with N the planes that are turned, not half of dim.": _turned_by(x, by_dim),
        "The rest of the head stays as it is; here it is zero.": _turned_by(x, angle) * kept,
        "The first entries are turned; here it is the last ones.": _turned_by(x.flip(1), -angle.flip(1)).flip(1),
        "The entries are turned the other way: (a, b) becomes (a cos - b sin, b cos + a sin).": _turned_by(x, -angle),
        "Every plane reads time here; plane j reads the axis axes[j].": _part_turned(x, ids, [0] * planes, base),
        "Nothing is turned.": x,
    }


def _next_id(start: int, frames: int, height: int, width: int, seconds: float) -> int:
    ids, _ = position_ids_by_time([Text(start), Video(frames, height, width, seconds)])
    return int(ids.max()) + 1


def _next_id_mistakes(start: int, frames: int, height: int, width: int, seconds: float) -> dict[str, Any]:
    right, space = _next_id(start, frames, height, width, seconds), max(height, width)
    forgets_time = "This goes on after max(height, width) and forgets time, as transformers 5.23.0 does."
    counts_groups = "This counts groups, as Qwen2-VL does; two ids are a second."
    return {
        forgets_time: start + space,
        counts_groups: start + max(frames, space),
        "This is the largest id of the film; the text begins one later.": right - 1,
        "This counts every token of the film.": start + frames * height * width,
        "The last group is number frames - 1, counted from 0.": _next_id(start, frames + 1, height, width, seconds),
        "This counts seconds; two ids are a second.": start + max(math.floor((frames - 1) * seconds), space - 1) + 1,
        "A film may be wider or higher than it is long.": start + math.floor(2 * (frames - 1) * seconds) + 1,
        "The film does not begin at 0.": right - start,
        "Ids are whole numbers: round down.": max(start + 2 * (frames - 1) * seconds, start + space - 1) + 1,
    }


def _undo(sections: Sequence[int]) -> list[int]:
    return [int(plane) for plane in interleaved(sections).argsort(stable=True)]


def _undo_mistakes(sections: Sequence[int]) -> dict[str, Any]:
    return {
        "This is the inverse: where each interleaved plane goes.": torch.tensor(_undo(sections)).argsort(),
        "Nothing is permuted.": list(range(sum(sections))),
        "This is the map of axes, not the order of planes.": _axes(sections),
        "The order is reversed: time's planes come first, each axis in rising order.": _undo(sections)[::-1],
    }


EXERCISES = {
    "mrope-1": Exercise(
        solution=_axes, mistakes=_axes_mistakes, inputs=(([3, 1, 2],), ([24, 20, 20],), ([4, 2, 2],), ([4, 2, 1],))
    ),
    "mrope-2": Exercise(solution=_part_turned, mistakes=_part_turned_mistakes, inputs=_HEADS),
    "mrope-3": Exercise(
        solution=5,
        mistakes={
            "At 4 the groups are exactly one id apart.": 4,
            "At 8 every time is there twice; the first collision comes earlier.": 8,
            "A group is two frames, so groups are 2 / fps seconds apart, not 1 / fps.": 3,
        },
    ),
    # At these rates the floor is the same in float64 and in float32, which the released code uses.
    "mrope-4": Exercise(
        solution=_next_id,
        mistakes=_next_id_mistakes,
        inputs=((2, 6, 2, 3, 1.5), (2, 6, 2, 2, 0.25), (10, 4, 3, 9, 0.5), (1, 8, 7, 2, 0.3)),
    ),
    "mrope-5": Exercise(solution=_undo, mistakes=_undo_mistakes, inputs=(([24, 20, 20],), ([4, 2, 2],))),
}
