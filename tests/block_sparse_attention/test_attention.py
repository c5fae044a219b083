"""The attention: loops, dense at density one, dense under the same mask, the released numbers, and its gradients."""

import pytest
import torch
from jaxtyping import TypeCheckError
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.block_sparse_attention import (
    attend_blocks,
    attention,
    block_mask,
    block_mass,
    block_scores,
    block_sparse_attention,
    gathered_blocks,
    highest,
    partial_attention,
    recall,
    to_blocks,
)
from tests.block_sparse_attention.cases import BLOCK, GRID, READ, READ_SUM, attention_by_loops, film, formula

BOXES = {"grid": GRID, "block": BLOCK}


def masked(query, key, value, chosen, *, inside):
    """Dense attention under the mask of the same blocks, blocks in and out."""
    mask = block_mask(chosen, blocks=key.shape[2]).repeat_interleave(inside, 2).repeat_interleave(inside, 3)
    read = scaled_dot_product_attention(*(x.flatten(2, 3) for x in (query, key, value)), mask)
    return read.unflatten(2, (-1, inside))


@pytest.mark.parametrize("count", [1, 3, 8])
def test_is_the_loops(count):
    query, key, value = film()
    ours = block_sparse_attention(query, key, value, **BOXES, count=count)
    assert ours.shape == (1, 2, 96, 16)
    for head in (0, 1):
        given = (x[0, head].tolist() for x in (query, key, value))
        loops = torch.tensor(attention_by_loops(*given, **BOXES, count=count), dtype=torch.float64)
        torch.testing.assert_close(ours[0, head], loops, rtol=0, atol=1e-12)


def test_is_what_the_released_functions_give():
    ours = block_sparse_attention(*film(), **BOXES, count=3)
    torch.testing.assert_close(ours[0, 1, 37, :4], torch.tensor(READ, dtype=torch.float64), rtol=0, atol=1e-12)
    assert abs(ours.sum().item() - READ_SUM) < 1e-9


def test_raster_order_passed_as_boxes_reads_something_else():
    """The mistake that nothing complains about: the tokens were never put into blocks."""
    query, key, value = (x.unflatten(2, (8, 12)) for x in film())
    wrong = attend_blocks(query, key, value, highest(block_scores(query, key), count=3)).flatten(2, 3)
    right = block_sparse_attention(*film(), **BOXES, count=3)
    assert (wrong - right).norm() > 0.1 * right.norm()
    assert abs(wrong.sum().item() - READ_SUM) > 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_all_blocks_it_is_dense(dtype):
    query, key, value = (x.to(dtype) for x in film())
    ours = block_sparse_attention(query, key, value, **BOXES, count=8)
    torch.testing.assert_close(ours, scaled_dot_product_attention(query, key, value))
    assert ours.dtype == dtype


@pytest.mark.parametrize("count", [1, 2, 5])
def test_is_dense_under_the_mask_of_the_same_blocks(count):
    query, key, value = (formula(2, 3, 5, 7, 8, shift=shift) * 3 for shift in (0.1, 0.9, 1.7))
    chosen = highest(block_scores(query, key), count=count)
    ours = attend_blocks(query, key, value, chosen)
    torch.testing.assert_close(ours, masked(query, key, value, chosen, inside=7), rtol=0, atol=1e-13)


def test_however_few_blocks_are_gathered_at_once(monkeypatch):
    whole = block_sparse_attention(*film(), **BOXES, count=3)
    for size in (1, 3 * 2 * 3 * 12 * 16 * 8):
        monkeypatch.setattr(attention, "GATHERED_BYTES", size)
        torch.testing.assert_close(block_sparse_attention(*film(), **BOXES, count=3), whole, rtol=0, atol=1e-14)


def test_what_is_gathered_lies_block_by_block():
    x = torch.arange(2 * 3 * 5 * 2.0).view(2, 3, 5, 2, 1)
    chosen = torch.tensor([[0, 4], [3, 1]]).expand(2, 3, 2, 2)
    found = gathered_blocks(x, chosen)
    assert found.shape == (2, 3, 2, 4, 1)
    assert torch.equal(found[1, 2, 1], torch.cat([x[1, 2, 3], x[1, 2, 1]]))


def test_the_error_is_the_mass_left_out_times_the_difference():
    query, key, value = (to_blocks(4 * x, **BOXES) for x in film())
    chosen = highest(block_scores(query, key), count=3)
    rest = (~block_mask(chosen, blocks=8)).nonzero()[:, 3].view(1, 2, 8, 5)
    dense = scaled_dot_product_attention(*(x.flatten(2, 3) for x in (query, key, value))).unflatten(2, (8, 12))
    read, unread = (attend_blocks(query, key, value, blocks) for blocks in (chosen, rest))
    weights = (query.flatten(2, 3) @ key.flatten(2, 3).transpose(-1, -2) / 4).softmax(-1)
    allowed = block_mask(chosen, blocks=8).repeat_interleave(12, 2).repeat_interleave(12, 3)
    share = (weights * allowed).sum(-1).unflatten(2, (8, 12))
    torch.testing.assert_close(dense - read, (1 - share)[..., None] * (unread - read), rtol=0, atol=1e-12)
    torch.testing.assert_close(share.mean(-1), recall(block_mass(query, key), chosen))


def test_only_chosen_blocks_learn():
    query, key, value = (x.requires_grad_() for x in film())
    blocks = [to_blocks(x, **BOXES) for x in (query, key, value)]
    chosen = highest(block_scores(*blocks[:2]), count=3)
    read = attend_blocks(*blocks, chosen)
    slopes = torch.autograd.grad(read[0, 1, 4].square().sum(), (query, key, value))
    moved = [to_blocks(each, **BOXES)[0].abs().amax((2, 3)) for each in slopes]
    assert moved[0].nonzero().tolist() == [[1, 4]]
    for each in moved[1:]:
        assert each.nonzero().tolist() == [[1, block] for block in chosen[0, 1, 4].tolist()]


def test_slopes_are_those_of_finite_differences_where_the_choice_stays():
    query, key, value = (formula(1, 1, 8, 2, shift=shift).requires_grad_() for shift in (0.3, 1.1, 2.0))
    call = lambda q, k, v: block_sparse_attention(q, k, v, grid=(2, 2, 2), block=(1, 1, 2), count=2)  # noqa: E731
    assert torch.autograd.gradcheck(call, (query, key, value))


def test_inputs_stay_and_the_film_keeps_its_order():
    given = film()
    before = [x.clone() for x in given]
    moved = [x.flip(0).contiguous() for x in given]
    block_sparse_attention(*moved, **BOXES, count=2)
    assert all(torch.equal(a, b) for a, b in zip(given, before, strict=True))
    query, key, _ = given
    constant = torch.arange(96.0).view(1, 1, 96, 1).expand(1, 2, 96, 16).double()
    alone = block_sparse_attention(query, key, constant, **BOXES, count=8)
    torch.testing.assert_close(alone, scaled_dot_product_attention(query, key, constant))


def test_parts_know_how_much_they_weigh():
    query, key, value = (to_blocks(3 * x, **BOXES) for x in film())
    chosen = highest(block_scores(query, key), count=4)
    valid = torch.tensor([True, False, True, False]).expand_as(chosen)
    read, logarithm = partial_attention(query, key, value, chosen, valid)
    some = chosen[..., ::2]
    torch.testing.assert_close(read, attend_blocks(query, key, value, some))
    keys = gathered_blocks(key, some)
    torch.testing.assert_close(logarithm, (query @ keys.transpose(-1, -2) / 4).logsumexp(-1))


def test_a_part_of_nothing_is_nothing():
    query, key, value = (to_blocks(x, **BOXES) for x in film())
    chosen = highest(block_scores(query, key), count=2)
    valid = torch.ones_like(chosen, dtype=torch.bool)
    valid[0, 0, 3] = False
    read, logarithm = partial_attention(query, key, value, chosen, valid)
    assert read.isfinite().all() and read[0, 0, 3].abs().max() == 0 and logarithm[0, 0, 3].isneginf().all()
    assert logarithm.isneginf().sum() == 12


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"count": 0}, "count must be from 1 to the 8 blocks there are, got 0"),
        ({"count": 9}, "count must be from 1 to the 8 blocks there are, got 9"),
        ({"block": (4, 4, 4)}, "block must divide the grid"),
        ({"grid": (4, 4, 9)}, "x must have 4 x 4 x 9 tokens, got 96"),
    ],
)
def test_what_is_refused(change, named):
    with pytest.raises(ValueError, match=named):
        block_sparse_attention(*film(), **{**BOXES, "count": 3, **change})


def test_shapes_that_are_refused():
    query, key, value = film()
    with pytest.raises(TypeCheckError, match="key"):
        block_sparse_attention(query, key[:, :1], value, **BOXES, count=3)
