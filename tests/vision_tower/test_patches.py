"""Rows of patches: shapes, loops, there and back, the released processors to the last bit, bad films and grids."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.vision_utils import get_vision_position_ids

from mmnotes.vision_tower import Grid, block_order, patchify, unpatchify

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=30)


def some_film(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_shapes():
    row, grid = patchify(some_film(5, 7, 12, 18), patch=3, merge=2)
    assert grid == Grid(3, 4, 6) and row.shape == (72, 7 * 2 * 9)
    assert grid.patches() == 72 and grid.tokens(merge=2) == 18
    assert block_order(grid, merge=2).shape == (72, 2)


def test_is_the_loops():
    film, patch, merge = some_film(4, 2, 12, 18), 3, 2
    row, grid = patchify(film, patch=patch, merge=merge)
    expected = []
    for t in range(0, 4, 2):
        for block_row in range(0, grid.rows, merge):
            for block_column in range(0, grid.columns, merge):
                for u in range(merge):
                    for v in range(merge):
                        y, x = (block_row + u) * patch, (block_column + v) * patch
                        expected.append(film[t : t + 2, :, y : y + patch, x : x + patch].transpose(0, 1).flatten())
    assert torch.equal(row, torch.stack(expected))


def test_order_is_the_place_of_each_patch():
    rows = torch.arange(8.0)[:, None].expand(8, 12)
    columns = torch.arange(12.0).expand(8, 12)
    row, grid = patchify(torch.stack([rows, columns])[None], patch=1, merge=4)
    assert torch.equal(row[:, [0, 2]].long(), block_order(grid, merge=4))


@repeatable
@given(frames=st.integers(1, 5), rows=st.integers(1, 3), columns=st.integers(1, 3), merge=st.integers(1, 3))
def test_there_and_back(frames, rows, columns, merge):
    film = some_film(frames, 2, rows * merge * 3, columns * merge * 3)
    row, grid = patchify(film, patch=3, merge=merge)
    back = unpatchify(row, grid, patch=3, merge=merge)
    assert torch.equal(back[:frames], film) and torch.equal(back[frames:], film[frames - 1 :][: len(back) - frames])


def test_a_picture_is_a_film_of_one_frame_twice():
    picture = some_film(1, 3, 8, 8)
    row, grid = patchify(picture, patch=4, merge=2)
    twice, _ = patchify(picture.repeat(2, 1, 1, 1), patch=4, merge=2)
    assert torch.equal(row, twice) and grid == Grid(1, 2, 2)


def test_pictures_are_the_released_processor_to_the_last_bit():
    pixels = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(1))
    given = Qwen2VLImageProcessorPil(do_resize=False, do_rescale=False, do_normalize=False, patch_size=16)(
        np.asarray(pixels), return_tensors="pt", input_data_format="channels_first"
    )
    row, grid = patchify(pixels[None], patch=16, merge=2)
    assert torch.equal(row, given["pixel_values"]) and tuple(given["image_grid_thw"][0].tolist()) == grid


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_films_are_the_released_processor_to_the_last_bit(frames):
    film = some_film(frames, 3, 64, 96)
    theirs, *grid = Qwen3VLVideoProcessor.patchify(None, film[None], 16, 2, 2)
    row, ours = patchify(film, patch=16, merge=2)
    assert torch.equal(row, theirs[0]) and tuple(grid) == ours


def test_order_is_that_of_transformers():
    grids = [Grid(1, 4, 6), Grid(3, 6, 9), Grid(2, 3, 3)]
    for grid, merge in zip(grids, (2, 3, 1), strict=True):
        assert torch.equal(block_order(grid, merge=merge), get_vision_position_ids(torch.tensor([grid]), merge))


def test_gradients_reach_each_pixel_as_often_as_it_is_shown():
    film = torch.ones(3, 1, 4, 4, requires_grad=True)
    patchify(film, patch=2, merge=2)[0].sum().backward()
    assert torch.equal(film.grad[:, 0, 0, 0], torch.tensor([1.0, 1.0, 2.0])), "the last frame twice"


def test_bad_films():
    with pytest.raises(ValueError, match=r"^film must have at least one frame, got none"):
        patchify(torch.zeros(0, 3, 8, 8), patch=4, merge=2)
    for shape in ((8, 12), (12, 8), (0, 8)):
        with pytest.raises(
            ValueError, match=f"^film must be a multiple of 8 high and wide, got {shape[0]} by {shape[1]}"
        ):
            patchify(torch.zeros(1, 3, *shape), patch=4, merge=2)
    for sizes in ({"patch": 0, "merge": 2}, {"patch": 4, "merge": 0}):
        with pytest.raises(ValueError, match="must be >= 1, got 0"):
            patchify(torch.zeros(1, 3, 8, 8), **sizes)


def test_bad_grids():
    row = torch.zeros(4, 96)
    with pytest.raises(ValueError, match=r"^row must have the 8 patches of Grid\(frames=1, rows=4, columns=2\), got 4"):
        unpatchify(row, Grid(1, 4, 2), patch=4, merge=2)
    with pytest.raises(ValueError, match=r"^row must have a multiple of 32 values a patch, got 95"):
        unpatchify(row[:, 1:], Grid(1, 2, 2), patch=4, merge=2)
    for grid in (Grid(0, 2, 2), Grid(1, 3, 2), Grid(1, 2, 3)):
        with pytest.raises(ValueError, match=r"^grid must have frames, and rows and columns that are multiples of 2"):
            block_order(grid, merge=2)
        with pytest.raises(ValueError, match=r"^grid must have frames"):
            unpatchify(row, grid, patch=4, merge=2)
