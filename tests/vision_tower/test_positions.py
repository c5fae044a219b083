"""Positions: the table as loops and as transformers', corners and identity, rotary angles, bad grids."""

import math

import pytest
import torch
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLVisionConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLVisionRotaryEmbedding
from transformers.vision_utils import get_vision_interpolation_indices_and_weights, get_vision_position_ids

from mmnotes.layers.rotation import rotate_halves
from mmnotes.vision_tower import Grid, block_order, resampled_table, rotary_of

GRIDS = [Grid(1, 64, 64), Grid(2, 4, 6), Grid(1, 48, 48), Grid(1, 2, 100)]


def some_table(side, dim):
    return torch.randn(side, side, dim, generator=torch.Generator().manual_seed(0))


def test_shapes():
    assert resampled_table(some_table(5, 7), Grid(3, 4, 6), merge=2).shape == (72, 7)
    cos, sin = rotary_of([Grid(3, 4, 6), Grid(1, 2, 2)], planes=14, merge=2)
    assert cos.shape == sin.shape == (1, 76, 14)


def test_table_is_the_loops():
    table, grid = some_table(5, 3).double(), Grid(1, 4, 6)
    expected = []
    for row, column in block_order(grid, merge=2).tolist():
        y, x = row * 4 / 3, column * 4 / 5
        up, left = min(int(y), 3), min(int(x), 3)
        down, right = y - up, x - left
        expected.append(
            (1 - down) * ((1 - right) * table[up, left] + right * table[up, left + 1])
            + down * ((1 - right) * table[up + 1, left] + right * table[up + 1, left + 1])
        )
    torch.testing.assert_close(resampled_table(table, grid, merge=2), torch.stack(expected))


@pytest.mark.parametrize("grid", GRIDS)
def test_table_is_that_of_transformers(grid):
    table = some_table(48, 1152 if grid.rows == 64 else 5)
    places, weights = get_vision_interpolation_indices_and_weights(
        torch.tensor([grid]), 48, mode="bilinear", align_corners=True, spatial_merge_size=2
    )
    expected = (table.flatten(0, 1)[places] * weights[..., None]).sum(1)
    torch.testing.assert_close(resampled_table(table, grid, merge=2), expected, atol=1e-4, rtol=0)


def test_a_grid_of_the_tables_size_reads_it_as_it_is():
    table, grid = some_table(6, 4), Grid(1, 6, 6)
    row, column = block_order(grid, merge=2).T
    torch.testing.assert_close(resampled_table(table, grid, merge=2), table[row, column])


@pytest.mark.parametrize("grid", [Grid(1, 2, 2), Grid(1, 4, 10), Grid(1, 40, 6)])
def test_corners_read_corners(grid):
    table = some_table(6, 4)
    row, column = block_order(grid, merge=2).T
    found = resampled_table(table, grid, merge=2)
    for at_end in ((0, 0), (0, 1), (1, 0), (1, 1)):
        here = (row == at_end[0] * (grid.rows - 1)) & (column == at_end[1] * (grid.columns - 1))
        torch.testing.assert_close(found[here][0], table[-at_end[0], -at_end[1]])


def test_a_plane_stays_a_plane():
    """Bilinear reading is exact for what is linear: no matter the grid, row r stands at r / (rows - 1)."""
    steps = torch.linspace(0, 1, 48)
    table = torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1)
    grid = Grid(1, 10, 14)
    places = block_order(grid, merge=2) / torch.tensor([9, 13])
    torch.testing.assert_close(resampled_table(table, grid, merge=2), places, atol=1e-6, rtol=0)


def test_all_pairs_of_frames_have_the_same_positions():
    found = resampled_table(some_table(5, 3), Grid(3, 4, 4), merge=2).view(3, 16, 3)
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


def test_gradients_reach_what_is_read_and_nothing_else():
    table = some_table(9, 2).requires_grad_()
    resampled_table(table, Grid(1, 2, 2), merge=2).sum().backward()
    touched = table.grad.abs().sum(-1) > 0
    assert touched.nonzero().tolist() == [[0, 0], [0, 8], [8, 0], [8, 8]]


def test_rotary_is_the_loops():
    cos, sin = rotary_of([Grid(1, 2, 4)], planes=6, merge=2)
    for patch, place in enumerate(block_order(Grid(1, 2, 4), merge=2).tolist()):
        for j in range(6):
            angle = place[j // 3] * 1e4 ** (-(j % 3) / 3)
            assert cos[0, patch, j].item() == pytest.approx(math.cos(angle), abs=1e-6)
            assert sin[0, patch, j].item() == pytest.approx(math.sin(angle), abs=1e-6)


def test_rotary_is_that_of_transformers():
    config = Qwen3VLVisionConfig(hidden_size=1152, num_heads=16)
    theirs = Qwen3VLVisionRotaryEmbedding(config)(torch.zeros(1), get_vision_position_ids(torch.tensor(GRIDS), 2))
    for ours, expected in zip(rotary_of(GRIDS, planes=36, merge=2), theirs, strict=True):
        torch.testing.assert_close(torch.cat([ours, ours], -1)[0], expected, atol=1e-6, rtol=0)


def test_a_score_depends_on_differences_of_row_and_column_only():
    random = torch.Generator().manual_seed(1)
    query, key = torch.randn(2, 1, 1, 1, 24, generator=random)
    cos, sin = rotary_of([Grid(1, 20, 20)], planes=12, merge=1)

    def score(place, other):
        turned = [
            rotate_halves(x, cos[:, at[0] * 20 + at[1]][:, None], sin[:, at[0] * 20 + at[1]][:, None])
            for x, at in ((query, place), (key, other))
        ]
        return (turned[0] * turned[1]).sum()

    torch.testing.assert_close(score((2, 3), (7, 4)), score((12, 13), (17, 14)), atol=1e-4, rtol=0)
    assert (score((2, 3), (7, 4)) - score((2, 3), (4, 7))).abs() > 0.1, "and on which is which"


def test_bad_grids_and_planes():
    with pytest.raises(ValueError, match=r"^grid must have frames"):
        resampled_table(some_table(4, 2), Grid(1, 3, 4), merge=2)
    with pytest.raises(ValueError, match=r"^planes must be even, half for rows and half for columns, got 7"):
        rotary_of([Grid(1, 2, 2)], planes=7, merge=2)
    with pytest.raises(ValueError, match=r"^grids must hold at least one grid, got none"):
        rotary_of([], planes=8, merge=2)
