"""Blocks: the order of loops and of the released code, back again, and what does not fit."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.block_sparse_attention import block_centres, block_count, from_blocks, to_blocks
from tests.block_sparse_attention.cases import BLOCK, GRID, ORDER, members


def numbered(grid):
    return torch.arange(float(grid[0] * grid[1] * grid[2])).view(1, 1, -1, 1)


@pytest.mark.parametrize(
    ("grid", "block"), [(GRID, BLOCK), ((6, 10, 14), (2, 5, 7)), ((3, 4, 5), (1, 2, 5)), ((2, 2, 2), (2, 2, 2))]
)
def test_is_the_order_of_loops(grid, block):
    found = to_blocks(numbered(grid), grid=grid, block=block)[0, 0, :, :, 0]
    assert found.long().tolist() == members(grid, block) and len(found) == block_count(grid=grid, block=block)


def test_is_the_order_of_the_released_code():
    assert to_blocks(numbered(GRID), grid=GRID, block=BLOCK).flatten().long().tolist() == ORDER


def test_boxes_are_not_pieces_of_the_raster():
    assert to_blocks(numbered(GRID), grid=GRID, block=BLOCK).flatten().tolist() != list(range(96))
    lines = to_blocks(numbered(GRID), grid=GRID, block=(1, 2, 6)).flatten()
    assert lines.tolist() == list(range(96)), "whole lines are"


@given(st.tuples(*[st.integers(1, 4)] * 6), st.integers(1, 3), st.integers(1, 3))
def test_back_again(sizes, heads, dim):
    grid, block = tuple(a * b for a, b in zip(sizes[:3], sizes[3:], strict=True)), sizes[3:]
    x = torch.arange(2.0 * heads * dim * grid[0] * grid[1] * grid[2]).view(2, heads, -1, dim)
    assert torch.equal(from_blocks(to_blocks(x, grid=grid, block=block), grid=grid, block=block), x)


def test_centres_are_means_of_places():
    grid, block = (4, 6, 10), (2, 3, 5)
    places = torch.stack(torch.meshgrid(*(torch.arange(float(n)) for n in grid), indexing="ij"), -1).flatten(0, 2)
    means = to_blocks(places[None, None], grid=grid, block=block).mean(3)[0, 0]
    torch.testing.assert_close(block_centres(grid=grid, block=block), means)


@pytest.mark.parametrize(
    "call",
    [
        lambda grid, block: to_blocks(numbered(grid), grid=grid, block=block),
        lambda grid, block: from_blocks(torch.ones(1, 1, 2, 3, 1), grid=grid, block=block),
        block_count,
        block_centres,
    ],
)
@pytest.mark.parametrize("block", [(3, 2, 3), (2, 3, 3), (2, 2, 4), (0, 2, 3), (-2, 2, 3), (8, 2, 3)])
def test_blocks_that_do_not_fit_are_refused(call, block):
    with pytest.raises(ValueError, match=re.escape(f"block must divide the grid (4, 4, 6) axis by axis, got {block}")):
        call(grid=GRID, block=block)


def test_other_numbers_of_tokens_and_blocks_are_refused():
    with pytest.raises(ValueError, match="x must have 4 x 4 x 6 tokens, got 95"):
        to_blocks(torch.ones(1, 1, 95, 2), grid=GRID, block=BLOCK)
    with pytest.raises(ValueError, match="x must have 8 blocks of 12 tokens, got 12 of 8"):
        from_blocks(torch.ones(1, 1, 12, 8, 2), grid=GRID, block=BLOCK)
    with pytest.raises(ValueError, match="block must divide"):
        block_count(grid=(0, 4, 4), block=(4, 4, 4))
