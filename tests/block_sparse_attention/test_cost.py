"""What attention costs: counted by loops, the share of dense attention, and LongCat's sizes."""

import pytest

from mmnotes.block_sparse_attention import dense_multiply_adds, sparse_multiply_adds


def test_is_what_loops_count():
    tokens, dim, inside, count = 24, 5, 4, 2
    made = 0
    for _ in range(tokens // inside):
        made += tokens // inside * dim  # its mean with all means
        for _ in range(inside):
            made += 2 * count * inside * dim  # scores, and weighted values
    assert sparse_multiply_adds(tokens=tokens, dim=dim, inside=inside, count=count) == made
    assert dense_multiply_adds(tokens=tokens, dim=dim) == sum(2 * dim for _ in range(tokens) for _ in range(tokens))


def test_the_choice_costs_a_share_that_no_length_changes():
    for tokens in (8192, 168_960):
        count = tokens // 64 // 16
        share = sparse_multiply_adds(tokens=tokens, dim=128, inside=64, count=count) / dense_multiply_adds(
            tokens=tokens, dim=128
        )
        assert abs(share - (1 / 16 + 1 / 8192)) < 1e-12


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"inside": 7}, "inside must divide the 64 tokens, got 7"),
        ({"inside": 0}, "inside must divide the 64 tokens, got 0"),
        ({"count": 0}, "count must be from 1 to the 8 blocks there are, got 0"),
        ({"count": 9}, "count must be from 1 to the 8 blocks there are, got 9"),
    ],
)
def test_what_is_refused(change, named):
    with pytest.raises(ValueError, match=named):
        sparse_multiply_adds(**{"tokens": 64, "dim": 4, "inside": 8, "count": 2, **change})
