"""The three masks: against their table entry by entry, and by what a changed token changes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmnotes.qformer import QFormer, itc_mask, itg_mask, itm_mask, text_mask

MASKS = {"itc": itc_mask, "itm": itm_mask, "itg": itg_mask}
every_mask = pytest.mark.parametrize("name", MASKS)


def may_attend(name: str, row: int, column: int, queries: int) -> bool:
    """The table of figure 2, one pair at a time: rows and columns below ``queries`` are queries."""
    if column < queries:
        return row < queries or name in ("itm", "itg")
    if row < queries:
        return name == "itm"
    return column <= row if name == "itg" else True


@every_mask
def test_shapes_and_type(name):
    mask = MASKS[name](queries=3, padding_mask=torch.ones(5, 7, dtype=torch.bool))
    assert mask.shape == (5, 10, 10) and mask.dtype == torch.bool
    assert text_mask(padding_mask=torch.ones(5, 7, dtype=torch.bool)).shape == (5, 7, 7)


@every_mask
@settings(deadline=None)
@given(queries=st.integers(1, 4), lengths=st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_is_the_table_without_the_columns_of_padding(name, queries, lengths):
    padding_mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    mask = MASKS[name](queries=queries, padding_mask=padding_mask)
    size = queries + padding_mask.shape[1]
    for sample, row, column in torch.cartesian_prod(*map(torch.arange, (len(lengths), size, size))).tolist():
        padding = column >= queries + lengths[sample]
        assert mask[sample, row, column] == (may_attend(name, row, column, queries) and not padding)


@every_mask
@settings(deadline=None)
@given(queries=st.integers(1, 3), words=st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_every_row_may_attend_somewhere(name, queries, words):
    """Also rows of padding: a softmax over nothing would be NaN."""
    padding_mask = torch.arange(4) < torch.tensor(words)[:, None]
    assert MASKS[name](queries=queries, padding_mask=padding_mask).any(-1).all()


def test_no_two_masks_are_the_same():
    padding_mask = torch.ones(1, 2, dtype=torch.bool)
    found = [mask(queries=1, padding_mask=padding_mask) for mask in MASKS.values()]
    assert not any(torch.equal(one, other) for place, one in enumerate(found) for other in found[:place])
    assert torch.equal(text_mask(padding_mask=padding_mask), itc_mask(queries=1, padding_mask=padding_mask)[:, 1:, 1:])


# What moves when one input does: "all", or the first of the places that do, or nothing.
MOVES = {  # objective: input changed -> (queries that move, text places that move)
    "itc": {"text": (None, 0), "query": (0, None), "image": (0, None)},
    "itm": {"text": (0, 0), "query": (0, 0), "image": (0, 0)},
    "itg": {"text": (None, 3), "query": (0, 0), "image": (0, 0)},
}


@pytest.mark.parametrize(("name", "changed"), [(name, changed) for name in MOVES for changed in MOVES[name]])
def test_leakage(name, changed):
    """Exact zeros, not small numbers: what a mask hides is not there."""
    torch.manual_seed(0)
    model = QFormer(dim=12, heads=3, depth=4, hidden=20, queries=5, image_dim=7, words=11, positions=9).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    image, ids = torch.randn(2, 13, 7).double(), torch.randint(0, 10, (2, 6))
    mask = MASKS[name](queries=5, padding_mask=torch.ones(2, 6, dtype=torch.bool))
    before = model(image, ids, mask)
    with torch.no_grad():
        if changed == "text":
            ids = ids.index_fill(1, torch.tensor([3]), 10)
        elif changed == "query":
            model.queries[:, 2] += torch.linspace(-1, 1, 12)
        else:
            image = image + torch.randn(2, 13, 7).double()
    after = model(image, ids, mask)
    for old, new, first in zip(before, after, MOVES[name][changed], strict=True):
        first = old.shape[1] if first is None else first
        assert torch.equal(old[:, :first], new[:, :first])
        assert ((old - new).abs().amax(-1)[:, first:] > 1e-6).all()


@every_mask
def test_bad_input(name):
    padding_mask = torch.ones(2, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="queries must be at least 1, got 0"):
        MASKS[name](queries=0, padding_mask=padding_mask)
    padding_mask[1] = False
    with pytest.raises(ValueError, match=r"padding_mask must hold a word of every text, got none in \[1\]"):
        MASKS[name](queries=2, padding_mask=padding_mask)


@every_mask
@pytest.mark.parametrize("words", [[False, True, True], [True, False, True]])
def test_padding_stands_behind_the_words(name, words):
    """Before them it could be hidden as well, but the words would have other positions than without it."""
    padding_mask = torch.tensor([[True, True, False], words])
    for call in (
        lambda: MASKS[name](queries=1, padding_mask=padding_mask),
        lambda: text_mask(padding_mask=padding_mask),
    ):
        with pytest.raises(ValueError, match=r"padding_mask must be False only behind the words .* in \[1\]"):
            call()


def test_a_text_holds_a_word():
    with pytest.raises(ValueError, match="padding_mask must hold a word"):
        text_mask(padding_mask=torch.tensor([[False, False]]))
