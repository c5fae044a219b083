"""Exercises of the chapter on MRoPE."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from mmnotes.mrope.axes import interleaved, sectioned
from mmnotes.mrope.position_ids import Text, Video, position_ids_by_time
from mmnotes.page.exercises import Exercise


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


def _wavelength(plane: float, base: float = 1e6) -> float:
    return 2 * math.pi * math.pow(base, plane / 64)


def _next_id(start: int, frames: int, height: int, width: int, seconds: float) -> int:
    ids, _ = position_ids_by_time([Text(start), Video(frames, height, width, seconds)])
    return int(ids.max()) + 1


def _next_id_mistakes(start: int, frames: int, height: int, width: int, seconds: float) -> dict[str, Any]:
    right, space = _next_id(start, frames, height, width, seconds), max(height, width)
    forgets_time = "This goes on after max(height, width) and forgets time, as transformers 5.23.0 does."
    counts_groups = "This counts groups, as Qwen2-VL does; two ids are a second."
    last_group = "The last group is number frames - 1, counted from 0."
    in_seconds = "This counts seconds; two ids are a second."
    return {
        forgets_time: start + space,
        counts_groups: start + max(frames, space),
        "This is the largest id of the film; the text begins one later.": right - 1,
        "This counts every token of the film.": start + frames * height * width,
        last_group: _next_id(start, frames + 1, height, width, seconds),
        in_seconds: start + max(math.floor((frames - 1) * seconds), space - 1) + 1,
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
    "mrope-2": Exercise(
        solution=_wavelength(15),
        mistakes={
            "Time has the planes 0 to 15; plane 16 is the first of height.": _wavelength(16),
            "A full turn is 2π radians.": 1e6 ** (15 / 64),
            "That is the base of Qwen3-VL.": _wavelength(15, 5e6),
            "The exponent is j / N with N = 64 planes, not 128 entries.": _wavelength(7.5),
            "That is in seconds; two ids are a second.": _wavelength(15) / 2,
            "That is two ids for each id; 2π base^(j / N) is in ids already.": _wavelength(15) * 2,
            "That is the slowest plane of all; time has the first 16.": _wavelength(63),
            "One ladder of 64 planes is split; time has no ladder of its own.": _wavelength(60),
        },
    ),
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
