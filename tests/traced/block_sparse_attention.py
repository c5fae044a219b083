"""Block-sparse attention: blocks, choice, what is read, and parts of it."""

from functools import partial

import torch
from torch import Tensor

from mmnotes.block_sparse_attention import (
    attend_blocks,
    block_mask,
    block_mass,
    block_scores,
    block_sparse_attention,
    from_blocks,
    gathered_blocks,
    highest,
    merged,
    partial_attention,
    patches,
    recall,
    to_blocks,
    turned,
)
from tests.traced import Traced, rand

BOXES = {"grid": (2, 2, 4), "block": (1, 2, 2)}
PLACES = ("vmap",)  # a place has no slope


def film(count: int) -> tuple[Tensor, ...]:
    return tuple(rand(1, 2, 16, 8) for _ in range(count))


def blocks(count: int) -> tuple[Tensor, ...]:
    return tuple(rand(1, 2, 4, 3, 8) for _ in range(count))


def chosen() -> Tensor:
    return torch.tensor([[0, 2], [1, 3], [0, 1], [2, 3]]).expand(1, 2, 4, 2).contiguous()


def part() -> tuple[Tensor, ...]:
    return *blocks(3), chosen(), torch.tensor([True, False]).expand(1, 2, 4, 2).contiguous()


TRACED = [
    Traced(
        "block_sparse_attention.block_sparse_attention",
        lambda: (partial(block_sparse_attention, **BOXES, count=2), film(3)),
    ),
    Traced("block_sparse_attention.to_blocks", lambda: (partial(to_blocks, **BOXES), film(1))),
    Traced("block_sparse_attention.from_blocks", lambda: (partial(from_blocks, **BOXES), (rand(1, 2, 4, 4, 3),))),
    Traced("block_sparse_attention.block_scores", lambda: (block_scores, blocks(2))),
    Traced("block_sparse_attention.block_mass", lambda: (block_mass, blocks(2))),
    Traced("block_sparse_attention.highest", lambda: (partial(highest, count=2), (rand(1, 2, 4, 4),)), PLACES),
    Traced("block_sparse_attention.recall", lambda: (recall, (rand(1, 2, 4, 4), chosen()))),
    Traced("block_sparse_attention.block_mask", lambda: (partial(block_mask, blocks=4), (chosen(),)), PLACES),
    Traced("block_sparse_attention.attend_blocks", lambda: (attend_blocks, (*blocks(3), chosen()))),
    Traced("block_sparse_attention.gathered_blocks", lambda: (gathered_blocks, (*blocks(1), chosen()))),
    Traced("block_sparse_attention.partial_attention", lambda: (partial_attention, part())),
    Traced("block_sparse_attention.merged", lambda: (merged, (rand(3, 5), rand(3), rand(3, 5), rand(3)))),
    Traced("block_sparse_attention.patches", lambda: (partial(patches, patch=2), (rand(2, 3, 4, 4),))),
    Traced("block_sparse_attention.turned", lambda: (partial(turned, grid=(2, 2, 4)), film(1))),
]

UNTRACED = {
    "block_sparse_attention.alike": "It draws random numbers of its own, which cannot be traced",
    "block_sparse_attention.smooth_field": "It draws random numbers of its own, which cannot be traced",
    "block_sparse_attention.ring_attention": "A collective of the process group cannot be traced",
    "block_sparse_attention.block_count": "There is nothing to trace",
    "block_sparse_attention.block_centres": "there is nothing to trace",
    "block_sparse_attention.nearness": "there is nothing to trace",
    "block_sparse_attention.kept_count": "There is nothing to trace",
    "block_sparse_attention.dense_multiply_adds": "There is nothing to trace",
    "block_sparse_attention.sparse_multiply_adds": "There is nothing to trace",
}
