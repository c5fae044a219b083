"""Exercises of the chapter on rotary positions."""

import math

import torch
from torch import Tensor

from mmnotes.layers.rotation import adjacent_order, frequency_ladder
from mmnotes.page.exercises import Exercise

_LADDER = frequency_ladder(planes=3, base=50.0, dtype=torch.float64)
_QUERY, _KEY = torch.cos(torch.arange(12.0, dtype=torch.float64).reshape(2, 6) ** 1.5)
_WEIGHTS = torch.arange(24.0).reshape(6, 4) ** 2


def _one_side(query: Tensor, key: Tensor, p: int, r: int, ladder: Tensor) -> Tensor:
    first, second = key.chunk(2)
    cos, sin = ((r - p) * ladder).cos(), ((r - p) * ladder).sin()
    return query @ torch.cat([first * cos - second * sin, second * cos + first * sin])


def _adjacent(query: Tensor, key: Tensor, p: int, r: int, ladder: Tensor) -> Tensor:
    back = adjacent_order(planes=len(ladder)).argsort()
    return _one_side(query[back], key[back], p, r, ladder)


def _to_adjacent(weights: Tensor) -> Tensor:
    return weights[adjacent_order(planes=len(weights) // 2)]


EXERCISES = {
    "rope-1": Exercise(
        solution=lambda j, planes, base: 2 * math.pi * base ** (j / planes),
        inputs=((15, 64, 1e6), (0, 8, 100.0), (3, 4, 1e4)),
        slips={
            "This is the frequency; the wavelength is the number of steps for a full turn.": lambda j, planes, base: (
                base ** (-j / planes)
            ),
            "A full turn is 2π radians.": lambda j, planes, base: base ** (j / planes),
            "The wavelength grows with j: the sign of the exponent is off.": lambda j, planes, base: (
                2 * math.pi * base ** (-j / planes)
            ),
            "There are N planes, not 2N entries, in the exponent.": lambda j, planes, base: (
                2 * math.pi * base ** (2 * j / planes)
            ),
        },
    ),
    "rope-2": Exercise(
        solution=lambda c, axes: (c + axes - 1) / axes,
        inputs=((0.2, 2), (-0.1, 3), (0.5, 1)),
        slips={
            "The planes of the other axes are turned by nothing and count 1 each, not 0.": lambda c, axes: c / axes,
            "The kernel is a mean over the planes: divide by the number of axes.": lambda c, axes: c + axes - 1,
            "The axial kernel is a mean over the axes, not a product.": lambda c, axes: c,
            "One axis of n sees the distance, n - 1 do not.": lambda c, axes: ((axes - 1) * c + 1) / axes,
        },
    ),
    "rope-3": Exercise(
        solution=_one_side,
        inputs=((_QUERY, _KEY, 2, 5, _LADDER), (_KEY, _QUERY, 40, 7, _LADDER)),
        slips={
            "The key is turned by r - p; here it is turned the other way.": lambda query, key, p, r, ladder: _one_side(
                query, key, r, p, ladder
            ),
            "These are adjacent pairs; the vectors are paired by halves.": _adjacent,
            "The key is turned by its own position only; that of the query is missing.": (
                lambda query, key, p, r, ladder: _one_side(query, key, 0, r, ladder)
            ),
            "Nothing is turned.": lambda query, key, p, r, ladder: query @ key,
        },
    ),
    "rope-4": Exercise(
        solution=2 * (math.cos(2**0.5) + 1) - 4 * math.cos(1),
        slips={
            "These are kernels, the characters divided by 2N = 4.": (math.cos(2**0.5) + 1) / 2 - math.cos(1),
            "The order is χ_B - χ_A.": 4 * math.cos(1) - 2 * (math.cos(2**0.5) + 1),
            "Each plane counts twice in the trace.": math.cos(2**0.5) + 1 - 2 * math.cos(1),
            "The inner products of B with (1, 1) are √2 and 0.": 4 * math.cos(0.5**0.5) - 4 * math.cos(1),
        },
    ),
    "rope-5": Exercise(
        solution=_to_adjacent,
        inputs=((_WEIGHTS,), (_WEIGHTS.T[:, :3],)),
        slips={
            "This is the inverse, from adjacent pairs to halves.": lambda weights: weights[
                adjacent_order(planes=len(weights) // 2).argsort()
            ],
            "Nothing is permuted.": lambda weights: weights,
            "The two halves have changed places; they have to be dealt out in turn.": lambda weights: weights.roll(
                len(weights) // 2, 0
            ),
        },
    ),
}
