"""Attention to a sixteenth of the blocks by our gather, against torch's dense attention, over numbers of tokens."""

from collections.abc import Iterator

import torch
from torch.nn.functional import scaled_dot_product_attention

from bench.timing import Row, race
from mmnotes.block_sparse_attention import block_sparse_attention
from mmnotes.block_sparse_attention.blocks import Grid

BLOCK: Grid = (4, 4, 4)
GRIDS: tuple[tuple[Grid, int], ...] = (((4, 16, 16), 9), ((8, 16, 16), 7), ((8, 16, 32), 5), ((16, 16, 32), 3))
HEADS, DIM = 2, 64


@torch.no_grad()
def rows() -> Iterator[Row]:
    """A row for each grid and density; both begin and end with tokens in the film's order."""
    for grid, repeats in GRIDS:
        tokens = grid[0] * grid[1] * grid[2]
        random = torch.Generator().manual_seed(0)
        query, key, value = torch.randn(3, 1, HEADS, tokens, DIM, generator=random)
        for part in (16, 8):
            count = tokens // 64 // part
            yield race(
                f"block_sparse_attention, {tokens} tokens, 1/{part} of the blocks; SDPA",
                lambda q=query, k=key, v=value, g=grid, r=count: block_sparse_attention(
                    q, k, v, grid=g, block=BLOCK, count=r
                ),
                lambda q=query, k=key, v=value: scaled_dot_product_attention(q, k, v),
                aim="1",
                repeats=repeats,
            )
