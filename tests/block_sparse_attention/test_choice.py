"""The choice: means, places, masks and masses as loops and as the released code has them, and what is refused."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.block_sparse_attention import (
    block_mask,
    block_mass,
    block_scores,
    highest,
    kept_count,
    nearness,
    recall,
    to_blocks,
)
from tests.block_sparse_attention.cases import BLOCK, CHOSEN, GRID, MEANS, SCORES, film, formula, members


def blocks():
    return [to_blocks(x, grid=GRID, block=BLOCK) for x in film()]


def test_means_scores_and_choice_are_the_released_ones():
    query, key, _ = blocks()
    torch.testing.assert_close(
        query.mean(3)[0, 0, :2, :3], torch.tensor(MEANS, dtype=torch.float64), rtol=0, atol=1e-12
    )
    scores = block_scores(query, key)
    assert scores.shape == (1, 2, 8, 8)
    torch.testing.assert_close(scores[0, 1, 3] * 4, torch.tensor(SCORES, dtype=torch.float64), rtol=0, atol=1e-12)
    assert highest(scores, count=kept_count(blocks=8, sparsity=0.625)).tolist() == [CHOSEN]


def test_tokens_in_raster_order_choose_other_blocks():
    """What this test holds is lost without a sound where ``to_blocks`` is left out."""
    query, key, _ = (x.unflatten(2, (8, 12)) for x in film())
    assert highest(block_scores(query, key), count=3).tolist() != [CHOSEN]


def test_a_score_of_means_is_the_mean_of_scores():
    query, key = formula(2, 3, 5, 7, 8, shift=0.1), formula(2, 3, 4, 6, 8, shift=0.4)
    pairs = torch.einsum("bhind,bhjmd->bhijnm", query, key) / 8**0.5
    torch.testing.assert_close(block_scores(query, key), pairs.mean((-1, -2)))


def test_mass_is_that_of_dense_attention_and_recall_its_share():
    query, key, _ = blocks()
    mass = block_mass(query, key)
    weights = (query.flatten(2, 3) @ key.flatten(2, 3).transpose(-1, -2) / 4).softmax(-1)
    for i in (0, 5):
        for j in (1, 7):
            some = weights[0, 1, 12 * i : 12 * i + 12, 12 * j : 12 * j + 12].sum(1).mean()
            torch.testing.assert_close(mass[0, 1, i, j], some)
    torch.testing.assert_close(mass.sum(-1), torch.ones(1, 2, 8, dtype=torch.float64))
    chosen = torch.tensor([2, 5]).expand(1, 2, 8, 2)
    torch.testing.assert_close(recall(mass, chosen), mass[..., 2] + mass[..., 5])


def test_no_choice_keeps_more_than_the_one_by_mass():
    query, key, _ = (7 * x for x in blocks())
    mass = block_mass(query, key)
    for count in (1, 3, 8):
        best = recall(mass, highest(mass, count=count))
        near = nearness(grid=GRID, block=BLOCK).expand_as(mass)
        for other in (block_scores(query, key), near):
            assert (recall(mass, highest(other, count=count)) <= best + 1e-12).all()
        assert count < 8 or torch.allclose(best, torch.ones_like(best))
    assert recall(mass, highest(block_scores(query, key), count=3)).mean() > 3 / 8


def test_nearest_is_oneself_and_then_the_neighbours():
    near = nearness(grid=(8, 8, 8), block=(2, 2, 2))
    first = highest(near[None, None], count=4)[0, 0]
    assert near.diagonal().abs().max() == 0 and all(i in row.tolist() for i, row in enumerate(first))
    assert first[0].tolist() == [0, 1, 4, 16]


def test_a_mask_is_true_where_something_was_chosen():
    mask = block_mask(torch.tensor(CHOSEN)[None], blocks=8)
    assert mask.dtype == torch.bool and mask.sum(-1).eq(3).all()
    assert mask[0, 1, 1].int().tolist() == [1, 0, 0, 0, 1, 1, 0, 0]


def test_no_gradient_goes_through_the_choice():
    scores = formula(1, 1, 3, 5, shift=0).requires_grad_()
    assert not highest(scores, count=2).requires_grad


@pytest.mark.parametrize(
    ("blocks", "sparsity", "kept"),
    [(2640, 0.9375, 165), (128, 0.9375, 8), (128, 0.875, 16), (64, 0.9, 6), (7, 0.0, 7), (16, 0.9375, 1)],
)
def test_as_many_blocks_as_the_released_code_keeps(blocks, sparsity, kept):
    assert kept_count(blocks=blocks, sparsity=sparsity) == kept


@pytest.mark.parametrize(("blocks", "sparsity"), [(15, 0.9375), (8, 0.9375), (10, 0.9)])
def test_where_the_released_code_would_keep_none(blocks, sparsity):
    assert int((1 - sparsity) * blocks) == 0
    with pytest.raises(ValueError, match=re.escape(f"sparsity must leave a block of {blocks}, got {sparsity}")):
        kept_count(blocks=blocks, sparsity=sparsity)


@pytest.mark.parametrize("sparsity", [1.0, -0.1, float("nan")])
def test_a_sparsity_that_is_none(sparsity):
    with pytest.raises(ValueError, match="sparsity must be from 0 to below 1"):
        kept_count(blocks=8, sparsity=sparsity)


@pytest.mark.parametrize("count", [0, -1, 6])
def test_a_count_that_is_refused(count):
    with pytest.raises(ValueError, match=f"count must be from 1 to the 5 blocks there are, got {count}"):
        highest(torch.ones(1, 1, 3, 5), count=count)


@given(st.integers(1, 5), st.integers(0, 100))
def test_places_increase_and_have_the_highest_scores(count, seed):
    scores = torch.rand(2, 1, 3, 5, generator=torch.Generator().manual_seed(seed))
    chosen = highest(scores, count=count)
    assert (chosen.diff() > 0).all()
    left_out = scores.scatter(-1, chosen, -1).amax(-1)
    assert (scores.gather(-1, chosen).amin(-1) >= left_out).all()


def test_boxes_have_a_shorter_reach_than_lines():
    """The mean squared distance to the middle of a block: 3.75 for a cube of side 4, 85.5 for two lines of 32."""
    for block, wanted in (((4, 4, 4), 3.75), ((1, 2, 32), 85.5), ((1, 8, 8), 10.5), ((16, 2, 2), 21.75)):
        places = torch.tensor([[i // (32 * 16), i // 32 % 16, i % 32] for i in range(8192)]).double()
        own = places[torch.tensor(members((16, 16, 32), block))]
        assert abs((own - own.mean(1, keepdim=True)).square().sum(-1).mean().item() - wanted) < 1e-9
