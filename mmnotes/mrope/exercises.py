"""Exercises of the chapter on MRoPE."""

import math
from collections.abc import Sequence

import torch

from mmnotes.mrope.axes import interleaved, sectioned
from mmnotes.page.exercises import Exercise


def _dealt(sections: Sequence[int]) -> list[int]:
    return [int(axis) for axis in interleaved(sections)]


def _undo(sections: Sequence[int]) -> list[int]:
    return [int(plane) for plane in interleaved(sections).argsort(stable=True)]


def _after(start: int, frames: int, height: int, width: int, seconds: float) -> int:
    return start + max(math.floor(2 * (frames - 1) * seconds), height - 1, width - 1) + 1


def _wavelength(plane: float, base: float = 1e6) -> float:
    return 2 * math.pi * math.pow(base, plane / 64)


EXERCISES = {
    "mrope-1": Exercise(
        solution=_dealt,
        inputs=(([24, 20, 20],), ([4, 2, 2],), ([3, 1, 2],)),
        tolerance=1e-9,
        slips={
            "This is the sectioned map.": lambda sections: sectioned(sections).tolist(),
            "What is left over belongs to time, not to the axis whose turn it would be.": (
                lambda sections: (torch.arange(sum(sections)) % 3).tolist()
            ),
            "Height takes the planes 1, 4, 7, ... and width 2, 5, 8, ...; here they have changed places.": (
                lambda sections: [(3 - axis) % 3 for axis in _dealt(sections)]
            ),
            "Left-over planes come at the end, not at the start.": lambda sections: _dealt(sections)[::-1],
        },
    ),
    "mrope-2": Exercise(
        solution=_wavelength(15),
        slips={
            "Time has the planes 0 to 15; plane 16 is the first of height.": _wavelength(16),
            "A full turn is 2π radians.": 1e6 ** (15 / 64),
            "That is the base of Qwen3-VL.": _wavelength(15, 5e6),
            "The exponent is j / N with N = 64 planes, not 128 entries.": _wavelength(7.5),
        },
    ),
    "mrope-3": Exercise(
        solution=5,
        tolerance=1e-9,
        slips={
            "At 4 the groups are exactly one id apart.": 4,
            "At 8 every time is there twice; the first collision comes earlier.": 8,
            "A group is two frames, so groups are 2 / fps seconds apart, not 1 / fps.": 3,
        },
    ),
    "mrope-4": Exercise(
        solution=_after,
        inputs=((2, 6, 2, 2, 1.0), (2, 6, 2, 2, 0.25), (10, 4, 3, 9, 0.5), (1, 8, 7, 2, 0.3)),
        tolerance=1e-9,
        slips={
            "This goes on after max(height, width) and forgets time, as transformers 5.23.0 does.": (
                lambda start, frames, height, width, seconds: start + max(height, width)
            ),
            "This counts groups, as Qwen2-VL does; two ids are a second.": (
                lambda start, frames, height, width, seconds: start + max(frames, height, width)
            ),
            "This is the largest id of the film; the text begins one later.": (
                lambda start, frames, height, width, seconds: _after(start, frames, height, width, seconds) - 1
            ),
            "This counts every token of the film.": (
                lambda start, frames, height, width, seconds: start + frames * height * width
            ),
            "The last group is number frames - 1, counted from 0.": (
                lambda start, frames, height, width, seconds: _after(start, frames + 1, height, width, seconds)
            ),
        },
    ),
    "mrope-5": Exercise(
        solution=_undo,
        inputs=(([24, 20, 20],), ([4, 2, 2],)),
        tolerance=1e-9,
        slips={
            "This is the inverse: where each interleaved plane goes.": lambda sections: (
                torch.tensor(_undo(sections)).argsort().tolist()
            ),
            "Nothing is permuted.": lambda sections: list(range(sum(sections))),
            "This is the map of axes, not the order of planes.": _dealt,
        },
    ),
}
