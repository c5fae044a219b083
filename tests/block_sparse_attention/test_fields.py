"""The stand-ins for queries and keys: patches, fields, vectors of one length, and rotations by three axes."""

import re

import pytest
import torch

from mmnotes.block_sparse_attention import alike, patches, smooth_field, turned

GRID = (3, 5, 7)


def test_patches_come_frame_by_frame_row_by_row():
    frames = torch.arange(2 * 3 * 4 * 6.0).view(2, 3, 4, 6)
    found = patches(frames, patch=2)
    assert found.shape == (2 * 2 * 3, 12)
    for number, (t, y, x) in {0: (0, 0, 0), 2: (0, 0, 4), 4: (0, 2, 2), 11: (1, 2, 4)}.items():
        assert torch.equal(found[number].view(3, 2, 2), frames[t, :, y : y + 2, x : x + 2])
    with pytest.raises(ValueError, match=re.escape("patch must divide 4 x 6 pixels, got 4")):
        patches(frames, patch=4)


def test_a_field_is_as_smooth_along_every_axis_and_repeats_by_its_seed():
    field = smooth_field(grid=(16, 16, 16), features=8, width=2.0, seed=3)
    assert torch.equal(field, smooth_field(grid=(16, 16, 16), features=8, width=2.0, seed=3))
    assert not torch.equal(field, smooth_field(grid=(16, 16, 16), features=8, width=2.0, seed=4))
    torch.testing.assert_close(field.mean(0), torch.zeros(8), rtol=0, atol=1e-5)
    torch.testing.assert_close(field.std(0), torch.ones(8))
    whole = field.view(16, 16, 16, 8)
    steps = [whole.diff(dim=axis).square().mean().item() for axis in range(3)]
    assert max(steps) < 1.2 * min(steps) and max(steps) < 0.3
    noise = smooth_field(grid=(16, 16, 16), features=8, width=0.0, seed=3).view(16, 16, 16, 8)
    assert all(abs(noise.diff(dim=axis).square().mean() - 2) < 0.1 for axis in range(3))
    with pytest.raises(ValueError, match="width must be >= 0, got -1"):
        smooth_field(grid=GRID, features=2, width=-1.0, seed=0)


def test_vectors_have_one_length_and_scores_are_cosines():
    tokens = smooth_field(grid=GRID, features=4, width=1.0, seed=0)
    vectors = alike(tokens, dim=8, gain=1.5, seed=1)
    assert vectors.shape == (1, 1, 105, 8)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.full((1, 1, 105), 1.5 * 8**0.5))
    torch.testing.assert_close(vectors, alike(tokens + 7, dim=8, gain=1.5, seed=1), rtol=1e-3, atol=1e-3)
    assert not torch.allclose(vectors, alike(tokens, dim=8, gain=1.5, seed=2))


# meituan-longcat/LongCat-Video, longcat_video/modules/rope_3d.py: a head of 128 has 44, 42 and 42 entries for time, row
# and column, adjacent ones together, each axis with a ladder of its own from 1 down to nearly 1 / 10000.
@pytest.mark.parametrize(("dim", "planes"), [(128, (22, 21, 21)), (64, (12, 10, 10)), (8, (2, 1, 1)), (16, (4, 2, 2))])
def test_each_plane_turns_with_its_axis(dim, planes):
    x = torch.zeros(1, 1, 105, dim, dtype=torch.float64)
    x[..., ::2] = 1
    found = torch.view_as_complex(turned(x, grid=GRID).unflatten(-1, (-1, 2)))[0, 0]
    for number in (0, 1, 8, 69, 104):
        place = (number // 35, number // 7 % 5, number % 7)
        angles = [at * 10_000 ** (-j / count) for at, count in zip(place, planes, strict=True) for j in range(count)]
        wanted = torch.polar(torch.ones(len(angles)).double(), torch.tensor(angles, dtype=torch.float64))
        torch.testing.assert_close(found[number], wanted, rtol=0, atol=1e-5)


def test_a_score_knows_only_how_far_two_tokens_are_apart():
    x = torch.randn(16, generator=torch.Generator().manual_seed(0), dtype=torch.float64).expand(1, 1, 105, 16)
    vectors = turned(x, grid=GRID)[0, 0].view(*GRID, 16)
    first = vectors[0, 1, 2] @ vectors[1, 3, 5]
    torch.testing.assert_close(vectors[1, 2, 3] @ vectors[2, 4, 6], first, rtol=0, atol=1e-5)
    assert abs(vectors[0, 1, 2] @ vectors[1, 3, 6] - first) > 1e-3


@pytest.mark.parametrize("dim", [0, 4, 12])
def test_a_dim_that_is_refused(dim):
    with pytest.raises(ValueError, match=f"x must have a dim that is a positive multiple of 8, got {dim}"):
        turned(torch.ones(1, 1, 105, dim), grid=GRID)
