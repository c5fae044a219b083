"""Exercises of the chapter on rotary positions."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.layers.rotation import adjacent_order, frequency_ladder
from mmnotes.page.exercises import Exercise
from mmnotes.rope.conversion import to_adjacent, to_halves

_LADDER = frequency_ladder(planes=3, base=50.0, dtype=torch.float64)
_QUERY, _KEY = torch.cos(torch.arange(12.0, dtype=torch.float64).reshape(2, 6) ** 1.5)
_DECAY = torch.tensor([0.8, 0.95, 1.01], dtype=torch.float64)
_FORGETFUL = ((_QUERY, 3, _LADDER, _DECAY), (_KEY, -7, _LADDER, _DECAY.flip(0)), (_KEY[:4], 4, _LADDER[:2], _DECAY[:2]))
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
    }


def _turned(x: Tensor, angle: Tensor, size: Tensor | float = 1.0) -> Tensor:
    first, second = x.chunk(2)
    cos, sin = size * angle.cos(), size * angle.sin()
    return torch.cat([first * cos - second * sin, second * cos + first * sin])


def _forgetful(x: Tensor, p: int, ladder: Tensor, decay: Tensor) -> Tensor:
    return _turned(x, p * ladder, decay**p)


def _forgetful_mistakes(x: Tensor, p: int, ladder: Tensor, decay: Tensor) -> dict[str, Any]:
    back, angle, size = adjacent_order(planes=len(ladder)).argsort(), p * ladder, decay**p
    half = torch.cat([size, 0 * size + 1])
    other_way = "The factor grows here where it should shrink: the sign of the exponent is off."
    return {
        "It is turned, and nothing is forgotten: each plane has its factor too.": _turned(x, angle),
        "The factor of a plane belongs to both of its entries, j and j + N.": half * _turned(x, angle),
        "The factor is z to the power p; here it is z itself.": _turned(x, angle, decay),
        other_way: _turned(x, angle, 1 / size),
        "The planes are turned the other way; only the factor is right.": _turned(x, -angle, size),
        "These are adjacent pairs; the vectors are paired by halves.": _turned(x[back], angle, size)[back.argsort()],
        "Each plane has its own factor; here all have the mean of them.": _turned(x, angle, decay.mean() ** p),
        "It forgets and does not turn.": torch.cat([size, size]) * x,
    }


def _one_side(query: Tensor, key: Tensor, p: int, r: int, ladder: Tensor) -> Tensor:
    return query @ _turned(key, (r - p) * ladder)


def _one_side_mistakes(query: Tensor, key: Tensor, p: int, r: int, ladder: Tensor) -> dict[str, Any]:
    back = adjacent_order(planes=len(ladder)).argsort()
    summed = "The key is turned by the sum of both positions; it is the difference that counts."
    alone = "The key is turned by its own position only; that of the query is missing."
    return {
        "The key is turned by r - p; here it is turned the other way.": _one_side(query, key, r, p, ladder),
        "These are adjacent pairs; the vectors are paired by halves.": _one_side(query[back], key[back], p, r, ladder),
        alone: _one_side(query, key, 0, r, ladder),
        summed: _one_side(query, key, -p, r, ladder),
        "The score is a sum over the entries.": query * key,
        "Nothing is turned.": query @ key,
    }


def _converted_mistakes(entries: Tensor, heads: int) -> dict[str, Any]:
    swapped = entries.unflatten(0, (heads, 2, -1)).flip(1)
    one_head = "The rows are permuted as if they were one head; each head is permuted for itself."
    return {
        "This is the inverse, from adjacent pairs to halves.": to_halves(entries, heads=heads),
        "Nothing is permuted.": entries,
        "The two halves have changed places; they have to be dealt out in turn.": swapped.flatten(0, 2),
        one_head: to_adjacent(entries, heads=1),
    }


EXERCISES = {
    "rope-1": Exercise(
        solution=lambda j, planes, base: 2 * math.pi * base ** (j / planes),
        mistakes=_wavelength_mistakes,
        inputs=((15, 64, 1e6), (0, 8, 100.0), (3, 4, 1e4)),
    ),
    "rope-2": Exercise(
        solution=_forgetful,
        mistakes=_forgetful_mistakes,
        inputs=_FORGETFUL,
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
        solution=lambda entries, heads: to_adjacent(entries, heads=heads),
        mistakes=_converted_mistakes,
        inputs=((_WEIGHTS, 1), (_WEIGHTS.repeat(2, 1) ** 0.5, 2), (_WEIGHTS[:, 1].repeat(3), 3)),
    ),
}
