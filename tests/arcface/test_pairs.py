"""Pairs and their shares: counted by loops, with ties, at the ends, and what is refused."""

import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from mmnotes.arcface import roc_curve, scored_pairs, tar_at_far

SAME, DIFFERENT = torch.tensor([0.9, 0.6, 0.2]), torch.tensor([0.7, 0.5, 0.3, 0.1])
scores = st.lists(st.integers(-6, 6), min_size=1, max_size=30)


def test_pairs_are_those_of_loops():
    torch.manual_seed(0)
    photographs = torch.randn(5, 3, 7, dtype=torch.float64)
    same: list[float] = []
    different: list[float] = []
    for a in range(3):
        for b in range(a + 1, 3):
            for i in range(5):
                for j in range(5):
                    score = torch.cosine_similarity(photographs[i, a], photographs[j, b], dim=0).item()
                    (same if i == j else different).append(score)
    found = scored_pairs(photographs)
    assert found.same.shape == (15,) and found.different.shape == (60,)
    for got, wanted in ((found.same, same), (found.different, different)):
        torch.testing.assert_close(
            got.sort().values, torch.tensor(wanted, dtype=torch.float64).sort().values, rtol=0, atol=1e-14
        )


def by_loops(same, different, far):
    """Try every threshold; of those that let few enough different pairs pass, the one that lets most same pairs."""
    best = 0.0
    for threshold in (*different, *same, -math.inf):
        accepted = sum(score > threshold for score in different)
        if accepted <= far * len(different):
            best = max(best, sum(score > threshold for score in same) / len(same))
    return best


@given(scores, scores, st.sampled_from([0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1.0]))
def test_is_the_best_share_that_the_limit_allows(same, different, far):
    found = tar_at_far(torch.tensor(same).double(), torch.tensor(different).double(), far=far)
    assert abs(found.item() - by_loops(same, different, far)) < 1e-12


def test_never_more_than_the_limit_pass_where_scores_are_equal():
    tied = torch.tensor([0.5, 0.5, 0.5, 0.1])
    assert tar_at_far(torch.tensor([0.5, 0.6]), tied, far=0.5).item() == 0.5


@pytest.mark.parametrize(("far", "wanted"), [(0.0, 1 / 3), (0.25, 2 / 3), (0.5, 2 / 3), (0.75, 1.0), (1.0, 1.0)])
def test_by_hand(far, wanted):
    assert abs(tar_at_far(SAME, DIFFERENT, far=far).item() - wanted) < 1e-6


def test_a_limit_that_is_a_whole_number_of_pairs_is_not_lost_in_rounding():
    different = torch.arange(100.0)
    for count in range(100):
        assert tar_at_far(torch.arange(100.0), different, far=count / 100).item() == pytest.approx(count / 100)


def test_chance_is_the_limit_itself():
    torch.manual_seed(0)
    both = torch.rand(2, 40_000)
    for far in (0.01, 0.1, 0.5):
        assert abs(tar_at_far(*both, far=far).item() - far) < 0.01


def test_the_curve_passes_through_the_same_points():
    far, tar = roc_curve(SAME, DIFFERENT, torch.tensor([-1.0, 0.5, 0.65, 0.7, 1.0]))
    torch.testing.assert_close(far, torch.tensor([1, 0.25, 0.25, 0, 0]))
    torch.testing.assert_close(tar, torch.tensor([1, 2 / 3, 1 / 3, 1 / 3, 0]))
    for share, rate in zip(far.tolist(), tar.tolist(), strict=True):
        assert rate <= tar_at_far(SAME, DIFFERENT, far=share).item() + 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tar_at_far(SAME[:0], DIFFERENT, far=0.1), "same must hold at least one pair, got none"),
        (lambda: tar_at_far(SAME, DIFFERENT * math.nan, far=0.1), "different must be numbers, got 4 times NaN"),
        (lambda: tar_at_far(SAME, DIFFERENT, far=1.1), "far must be between 0 and 1, got 1.1"),
        (lambda: tar_at_far(SAME, DIFFERENT, far=math.nan), "far must be between 0 and 1, got nan"),
        (lambda: roc_curve(SAME, DIFFERENT, SAME * math.nan), "thresholds must be numbers, got 3 times NaN"),
        (lambda: scored_pairs(torch.ones(1, 3, 2)), "2 identities or more in 2 views or more, got 1 in 3"),
        (lambda: scored_pairs(torch.ones(4, 1, 2)), "2 identities or more in 2 views or more, got 4 in 1"),
        (lambda: scored_pairs(torch.full((2, 2, 2), math.inf)), "photographs must be finite, got 8 entries"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_shapes_and_dtypes_that_are_refused():
    with pytest.raises(TypeCheckError, match="same"):
        tar_at_far(SAME.int(), DIFFERENT, far=0.1)
    with pytest.raises(TypeCheckError, match="different"):
        roc_curve(SAME, DIFFERENT[:, None], SAME)
    with pytest.raises(TypeCheckError, match="photographs"):
        scored_pairs(torch.ones(4, 2))
