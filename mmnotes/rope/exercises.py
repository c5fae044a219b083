"""Exercises of the chapter on rotary positions."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.layers.rotation import adjacent_order, frequency_ladder
from mmnotes.page.exercises import Exercise

_LADDER = frequency_ladder(planes=3, base=50.0, dtype=torch.float64)
_QUERY, _KEY = torch.cos(torch.arange(12.0, dtype=torch.float64).reshape(2, 6) ** 1.5)
_WEIGHTS = torch.arange(24.0).reshape(6, 4) ** 2


def _wavelength_mistakes(j: int, planes: int, base: float) -> dict[str, Any]:
    frequency, turn = base ** (-j / planes), 2 * math.pi
    return {
        "This is the frequency; the wavelength is the number of steps for a full turn.": frequency,
        "A full turn is 2π radians.": 1 / frequency,
        "The wavelength grows with j: the sign of the exponent is off.": turn * frequency,
        "There are N planes, not 2N entries, in the exponent.": turn * base ** (2 * j / planes),
        "The exponent is j / N, not half of it.": turn * base ** (j / (2 * planes)),
        "The exponent ends at (N - 1) / N, just before 1.": turn * base ** (j / (planes - 1)),
        "A full turn is 2π, not π.": turn / 2 / frequency,
    }


def _cross_mistakes(c: float, axes: int) -> dict[str, Any]:
    return {
        "The planes of the other axes are turned by nothing and count 1 each, not 0.": c / axes,
        "The kernel is a mean over the planes: divide by the number of axes.": c + axes - 1,
        "The axial kernel is a mean over the axes, not a product.": c,
        "One axis of n sees the distance, n - 1 do not.": ((axes - 1) * c + 1) / axes,
        "That is right for two axes; of n axes n - 1 stand still.": (1 + c) / 2,
        "The offset lies along one axis only, and the axes are averaged, not multiplied.": c**axes,
        "The other axes count 1 each, and there are n - 1 of them.": (c + axes) / (axes + 1),
        "That is what the kernel loses, not what it is.": (1 - c) / axes,
    }


def _one_side(query: Tensor, key: Tensor, p: int, r: int, ladder: Tensor) -> Tensor:
    first, second = key.chunk(2)
    cos, sin = ((r - p) * ladder).cos(), ((r - p) * ladder).sin()
    return query @ torch.cat([first * cos - second * sin, second * cos + first * sin])


def _one_side_mistakes(query: Tensor, key: Tensor, p: int, r: int, ladder: Tensor) -> dict[str, Any]:
    back = adjacent_order(planes=len(ladder)).argsort()
    adjacent = _one_side(query[back], key[back], p, r, ladder)
    mirrored = _one_side(query, key, r, p, ladder)
    keys_own = _one_side(query, key, 0, r, ladder)
    return {
        "The key is turned by r - p; here it is turned the other way.": mirrored,
        "These are adjacent pairs; the vectors are paired by halves.": adjacent,
        "The key is turned by its own position only; that of the query is missing.": keys_own,
        "The key is turned by the sum of both positions; it is the difference that counts.": (
            _one_side(query, key, -p, r, ladder)
        ),
        "The score is a sum over the entries.": query * key,
        "Nothing is turned.": query @ key,
    }


def _to_adjacent(weights: Tensor) -> Tensor:
    return weights[adjacent_order(planes=len(weights) // 2)]


def _to_adjacent_mistakes(weights: Tensor) -> dict[str, Any]:
    half = len(weights) // 2
    return {
        "This is the inverse, from adjacent pairs to halves.": weights[adjacent_order(planes=half).argsort()],
        "Nothing is permuted.": weights,
        "The two halves have changed places; they have to be dealt out in turn.": weights.roll(half, 0),
        "Columns are permuted here; the query's entries are rows.": (
            weights[:, adjacent_order(planes=weights.shape[1] // 2)]
        ),
    }


EXERCISES = {
    "rope-1": Exercise(
        solution=lambda j, planes, base: 2 * math.pi * base ** (j / planes),
        mistakes=_wavelength_mistakes,
        inputs=((15, 64, 1e6), (0, 8, 100.0), (3, 4, 1e4)),
    ),
    "rope-2": Exercise(
        solution=lambda c, axes: (c + axes - 1) / axes,
        mistakes=_cross_mistakes,
        inputs=((-0.1, 3), (0.2, 2), (0.5, 1)),
    ),
    "rope-3": Exercise(
        solution=_one_side,
        mistakes=_one_side_mistakes,
        inputs=((_QUERY, _KEY, 2, 5, _LADDER), (_KEY, _QUERY, 40, 7, _LADDER)),
    ),
    "rope-4": Exercise(
        solution=2 * (math.cos(2**0.5) + 1) - 4 * math.cos(1),
        mistakes={
            "These are kernels, the characters divided by 2N = 4.": (math.cos(2**0.5) + 1) / 2 - math.cos(1),
            "The order is χ_B - χ_A.": 4 * math.cos(1) - 2 * (math.cos(2**0.5) + 1),
            "Each plane counts twice in the trace.": math.cos(2**0.5) + 1 - 2 * math.cos(1),
            "The inner products of B with (1, 1) are √2 and 0.": 4 * math.cos(0.5**0.5) - 4 * math.cos(1),
            "That is χ_B; subtract χ_A.": 2 * (math.cos(2**0.5) + 1),
            "That is χ_A; the difference of χ_B and it is asked for.": 4 * math.cos(1),
            "They differ: cos √2 + 1 is not 2 cos 1.": 0.0,
        },
    ),
    "rope-5": Exercise(
        solution=_to_adjacent, mistakes=_to_adjacent_mistakes, inputs=((_WEIGHTS,), (_WEIGHTS.T[:, :3],))
    ),
}
