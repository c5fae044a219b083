"""Exercises of the chapter on the vision tower."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.page.exercises import Exercise
from mmnotes.vision_tower.patches import Grid, block_order
from mmnotes.vision_tower.positions import resampled_table
from mmnotes.vision_tower.sizes import QWEN2_PICTURE, QWEN3_PICTURE, Rule, picture_grid

_UNBOUNDED = Rule(16, 2, 1, 10**12)
_TABLE = torch.cos(torch.arange(50.0, dtype=torch.float64).reshape(5, 5, 2) ** 1.3)
_WEIGHT = torch.sin(torch.arange(72.0, dtype=torch.float64).reshape(3, 24) ** 1.2)


def _cost(height: int, width: int) -> int:
    return _cost_by(height, width, QWEN3_PICTURE)


def _cost_by(height: int, width: int, rule: Rule) -> int:
    return picture_grid(height=height, width=width, rule=rule).tokens(merge=rule.merge)


def _cost_mistakes(height: int, width: int) -> dict[str, Any]:
    most, least = QWEN3_PICTURE.most, QWEN3_PICTURE.least
    down, up = (math.prod(rounding(side / 32) for side in (height, width)) for rounding in (math.floor, math.ceil))
    near = [32 * round(side / 32) for side in (height, width)]
    shrink, grow = math.sqrt(math.prod(near) / most), math.sqrt(least / max(1, math.prod(near)))
    if math.prod(near) > most:
        twice = math.prod(math.floor(side / shrink / 32) for side in near)
    else:
        twice = math.prod(math.ceil(side * max(grow, 1) / 32) for side in near)
    return {
        "The sides are right, the bounds on the number of pixels are missing.": _cost_by(height, width, _UNBOUNDED),
        "That is the count of patches; four become a token.": 4 * _cost(height, width),
        "Within the bounds a side is rounded to the nearest multiple, not down.": down,
        "Within the bounds a side is rounded to the nearest multiple, not up.": up,
        "A token's side is 32 pixels here; 28 was that of Qwen2-VL and Qwen2.5-VL.": _cost(
            height, width, QWEN2_PICTURE
        ),
        "What is scaled to the bounds are the picture's own sides, not the rounded ones.": twice,
        "A picture over the bound is not cut to it exactly: both sides stay multiples.": min(math.prod(near), most)
        / 1024,
    }


def _order(rows: int, columns: int, merge: int) -> list[list[int]]:
    places: list[list[int]] = block_order(Grid(1, rows, columns), merge=merge).tolist()
    return places


def _order_mistakes(rows: int, columns: int, merge: int) -> dict[str, Any]:
    upright = [[row, column] for column, row in _order(columns, rows, merge)]
    inside = [[i + u, j + v] for i in range(0, rows, merge) for j in range(0, columns, merge)
              for v in range(merge) for u in range(merge)]  # fmt: skip
    strips = [[i + u, j + v] for i in range(0, rows, merge) for u in range(merge)
              for v in range(merge) for j in range(0, columns, merge)]  # fmt: skip
    return {
        "This is raster order: the merger would join patches of one line.": _order(rows, columns, 1),
        "Blocks go line by line; here they go column by column.": upright,
        "Within a block the row comes first: its upper two patches, then the lower ones.": inside,
        "All patches of a block come before the next block.": strips,
        "Row first, then column, in each pair.": [place[::-1] for place in _order(rows, columns, merge)],
        "Rows and columns count from 0.": [[row + 1, column + 1] for row, column in _order(rows, columns, merge)],
    }


def _spread(table: Tensor, rows: int, columns: int) -> Tensor:
    return resampled_table(table, Grid(1, rows, columns), merge=1).view(rows, columns, -1)


def _spread_mistakes(table: Tensor, rows: int, columns: int) -> dict[str, Any]:
    image = table.permute(2, 0, 1)[None]
    middles = interpolate(image, (rows, columns), mode="bilinear")[0].permute(1, 2, 0)
    places = [torch.linspace(0, len(table) - 1, size) for size in (rows, columns)]
    near, below = ([(each + shift).long() for each in places] for shift in (0.5, 0.0))
    return {
        "The corners are not aligned: row r of rows reads r (side - 1) / (rows - 1).": middles,
        "This takes the nearest entry; mix the four around the place.": table[near[0]][:, near[1]],
        "This takes the entry below the place; mix the four around it.": table[below[0]][:, below[1]],
        "The table's rows are read as columns.": _spread(table.transpose(0, 1), rows, columns),
    }


def _folded(weight: Tensor, channels: int) -> Tensor:
    return weight.reshape(len(weight), channels, 2, -1).sum(2).flatten(1)


def _folded_mistakes(weight: Tensor, channels: int) -> dict[str, Any]:
    kernels = weight.reshape(len(weight), channels, 2, -1)
    halves = weight.reshape(len(weight), 2, -1)
    return {
        "Both kernels see the whole picture: they are added, not averaged.": kernels.mean(2).flatten(1),
        "The second frame counts as well.": kernels[:, :, 0].flatten(1),
        "The first frame counts as well.": kernels[:, :, 1].flatten(1),
        "The frames alternate channel by channel; they are not the two halves of a row.": halves.sum(1),
        "That is the kernel of what changes: on a picture it would give nothing.": kernels.diff(dim=2).flatten(1),
        "Frames stand side by side in each channel; neighbouring numbers are pixels of one frame.": weight.reshape(
            len(weight), -1, 2
        ).sum(2),
    }


EXERCISES = {
    "vision_tower-1": Exercise(
        solution=_cost,
        mistakes=_cost_mistakes,
        inputs=((800, 1440), (60, 60), (45, 300), (6000, 9000), (1037, 1100), (333, 5000), (5000, 5000)),
    ),
    "vision_tower-2": Exercise(solution=_order, mistakes=_order_mistakes, inputs=((4, 6, 2), (6, 3, 3), (2, 8, 2))),
    "vision_tower-3": Exercise(
        solution=16,
        mistakes={
            "A side of 32 patches is 4 windows long, and there are as many down as across.": 4,
            "A window has 64 patches and not 8; count the pairs within it.": 128,
            "That is the number of patches of a window.": 64,
            "That is a picture of 1,036 pixels.": 89,
            "Windows are fewer scores, not more.": 1 / 16,
        },
    ),
    "vision_tower-4": Exercise(
        solution=_spread, mistakes=_spread_mistakes, inputs=((_TABLE, 3, 7), (_TABLE, 8, 2), (_TABLE[:4, :4], 6, 6))
    ),
    "vision_tower-5": Exercise(
        solution=_folded, mistakes=_folded_mistakes, inputs=((_WEIGHT, 3), (_WEIGHT, 2), (_WEIGHT[:2, :16], 2))
    ),
}
