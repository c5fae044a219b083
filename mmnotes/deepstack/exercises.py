"""Exercises of the chapter on DeepStack."""

from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm

from mmnotes.deepstack.levels import EPSILON, with_level
from mmnotes.page.exercises import Exercise


def _wave(*shape: int, by: float = 1.5) -> Tensor:
    """Numbers that do not repeat."""
    return torch.cos(torch.arange(1.0, 1 + prod(shape), dtype=torch.float64) ** by).reshape(shape)


def _counted(*, norm: int, wide: int, hidden: int, out: int, biases: int = 1) -> int:
    return 2 * norm + (wide + biases) * hidden + (hidden + biases) * out


def _parameters(dim: int, merge: int, out: int) -> int:
    wide = merge**2 * dim
    return _counted(norm=wide, wide=wide, hidden=wide, out=out)


def _parameters_mistakes(dim: int, merge: int, out: int) -> dict[str, Any]:
    wide, side = merge**2 * dim, merge * dim
    long_norm = "The norm comes after the shuffle: its gain and its offset are as long as the joined block."
    return {
        long_norm: _counted(norm=dim, wide=wide, hidden=wide, out=out),
        "The norm has a gain and an offset.": _counted(norm=0, wide=wide, hidden=wide, out=out),
        "Both linear maps have a bias.": _counted(norm=wide, wide=wide, hidden=wide, out=out, biases=0),
        "A block has merge² patches, not merge.": _counted(norm=side, wide=side, hidden=side, out=out),
        "The hidden layer is as wide as the joined block.": _counted(norm=wide, wide=wide, hidden=dim, out=out),
    }


def _merged(x: Tensor, up: Tensor, down: Tensor) -> Tensor:
    return gelu(_normed(x.reshape(len(x) // 4, 4 * x.shape[1])) @ up.T) @ down.T


def _merged_mistakes(x: Tensor, up: Tensor, down: Tensor) -> dict[str, Any]:
    tokens, dim = len(x) // 4, x.shape[1]
    joined, apart = x.reshape(tokens, 4 * dim), x.reshape(4, tokens, dim).transpose(0, 1).flatten(1)
    normed, alone = _normed(joined), _normed(x).reshape(tokens, 4 * dim)
    by_tanh = gelu(normed @ up.T, approximate="tanh")
    each_alone = "Here every patch is normalised alone, as at the end of the tower; a level joins first."
    tanh = "This is the GELU by tanh, which the blocks have; the mergers have the exact one."
    return {
        each_alone: gelu(alone @ up.T) @ down.T,
        "Nothing is normalised.": gelu(joined @ up.T) @ down.T,
        "Four patches that follow one another in the row make a block.": gelu(_normed(apart) @ up.T) @ down.T,
        "Between the two maps there is a GELU.": normed @ up.T @ down.T,
        tanh: by_tanh @ down.T,
        "A linear map multiplies with the transposed of its weights, here `up.T`.": gelu(normed @ up) @ down.T,
    }


def _normed(x: Tensor) -> Tensor:
    return layer_norm(x, x.shape[1:], eps=EPSILON)


def _added(x: Tensor, visual: Tensor, level: Tensor) -> Tensor:
    return with_level(x[None], visual[None], level)[0]


def _added_mistakes(x: Tensor, visual: Tensor, level: Tensor) -> dict[str, Any]:
    places = visual.nonzero()[:, 0]
    return {
        "A level is added to the states; here it takes their place.": x.clone().index_copy(0, places, level),
        "Words get nothing added.": x + level.mean(0),
        "The first row of the level belongs to the first *visual* token.": x.index_add(
            0, places, level[places % len(level)]
        ),
        "Nothing is added.": x,
    }


def _first_seen(layer: int) -> list[int]:
    return [layer + 1, layer + 2, layer + 2]


def _first_seen_mistakes(layer: int) -> dict[str, Any]:
    return {
        "states[0] is the input; what is added after layer i is in states[i + 1].": [layer, layer + 1, layer + 1],
        "A word gets nothing added itself; it hears of the level when the next layer attends.": [layer + 1] * 2
        + [layer + 2],
        "transformers records what a layer returns, before the level is added.": [layer + 1, layer + 2, layer + 1],
        "A visual token has the level at once; no layer has to pass first.": [layer + 2] * 3,
    }


def _stacked(tokens: Tensor, side: int) -> Tensor:
    return torch.stack([tokens[i::side, j::side].flatten(0, 1) for i in range(side) for j in range(side)])


def _stacked_mistakes(tokens: Tensor, side: int) -> dict[str, Any]:
    rows, columns, dim = tokens.shape
    tiles = tokens.reshape(side, rows // side, side, columns // side, dim).transpose(1, 2)
    row, right = tokens.flatten(0, 1), _stacked(tokens, side)
    along = torch.stack([row[start :: side**2] for start in range(side**2)])
    turned = right.unflatten(0, (side, side)).transpose(0, 1).flatten(0, 1)
    return {
        "These are tiles: a group would show one corner of the picture alone.": tiles.reshape(side**2, -1, dim),
        "This counts along the row; neighbours are apart in both directions.": along,
        "The row offset i is the outer loop, the column offset j the inner one.": turned,
        "Each place of the coarse grid has side² tokens: they make side² groups.": right.transpose(0, 1),
    }


_VISUAL = torch.tensor([False, True, True, False, True, False, False])
EXERCISES = {
    "deepstack-1": Exercise(
        solution=_parameters, mistakes=_parameters_mistakes, inputs=((1152, 2, 4096), (96, 2, 128), (5, 3, 7))
    ),
    "deepstack-2": Exercise(
        solution=_merged,
        mistakes=_merged_mistakes,
        inputs=(
            (3 * _wave(8, 3) + 1, _wave(12, 12, by=1.3), _wave(5, 12, by=1.7)),
            (_wave(12, 2) - 2, _wave(8, 8, by=1.3), _wave(3, 8, by=1.7)),
        ),
    ),
    "deepstack-3": Exercise(
        solution=_added,
        mistakes=_added_mistakes,
        inputs=((_wave(7, 3), _VISUAL, _wave(3, 3, by=1.3)), (_wave(7, 2), ~_VISUAL.flip(0), _wave(4, 2, by=1.3))),
    ),
    "deepstack-4": Exercise(solution=_first_seen, mistakes=_first_seen_mistakes, inputs=((0,), (2,))),
    "deepstack-5": Exercise(
        solution=_stacked, mistakes=_stacked_mistakes, inputs=((_wave(4, 6, 2), 2), (_wave(6, 9, 1), 3))
    ),
}
