"""Ids and padding: what is told, what passes, and that nothing is asked where values are not known."""

import pytest
import torch

from mmnotes.layers.texts import check_ids, check_padding

IDS = torch.tensor([[1, 0, 4], [2, 2, 3]])
KEPT = torch.tensor([[True, True, False], [True, True, True], [True, False, False]])


def test_what_passes():
    check_ids(IDS, name="ids", words=5, longest=3)
    check_padding(KEPT)


@pytest.mark.parametrize(
    ("ids", "sizes", "message"),
    [
        (IDS, (4, 3), "said must be between 0 and 3, got 0 to 4"),
        (IDS - 1, (5, 3), "said must be between 0 and 4, got -1 to 3"),
        (IDS, (5, 2), "said must have at most 2 tokens, got 3"),
        (IDS[:0], (5, 3), r"said must hold at least one text of one token, got the shape \(0, 3\)"),
        (IDS[:, :0], (5, 3), r"said must hold at least one text of one token, got the shape \(2, 0\)"),
    ],
)
def test_ids(ids, sizes, message):
    with pytest.raises(ValueError, match=message):
        check_ids(ids, name="said", words=sizes[0], longest=sizes[1])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({1: [False] * 3}, r"padding_mask must hold a word of every text, got none in \[1\]"),
        ({0: [False, True, True]}, r"padding_mask must be False only behind the words of a text, got others in \[0\]"),
        ({1: [True, False, True], 2: [False, False, True]}, r"got others in \[1, 2\]"),
    ],
)
def test_padding(rows, message):
    padding_mask = KEPT.clone()
    for row, kept in rows.items():
        padding_mask[row] = torch.tensor(kept)
    with pytest.raises(ValueError, match=message):
        check_padding(padding_mask)


def test_values_that_are_not_known_are_not_asked_for():
    check_ids(IDS.to("meta"), name="ids", words=1, longest=3)
    check_padding(~KEPT.to("meta"))
    with pytest.raises(ValueError, match="must have at most 2 tokens"):
        check_ids(IDS.to("meta"), name="ids", words=5, longest=2)
