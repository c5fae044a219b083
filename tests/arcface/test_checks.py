"""What the checks let pass: rounding beyond 1, an infinite score, and whatever has no values to look at."""

import math
import re

import pytest
import torch

from mmnotes.arcface.checks import check_cosines, check_far, check_finite, check_labels, check_margins, check_scores


def test_a_cosine_may_be_beyond_one_by_rounding_only():
    for dtype in (torch.float16, torch.float32, torch.float64):
        eps = torch.finfo(dtype).eps
        check_cosines(torch.full((1, 2), 1 + eps, dtype=dtype))
        with pytest.raises(ValueError, match="cosine must lie from -1 to 1"):
            check_cosines(torch.full((1, 2), -(1 + 3 * eps**0.5), dtype=dtype))


def test_infinite_scores_have_an_order_and_infinite_features_no_angle():
    check_scores(torch.tensor([math.inf, -math.inf]), name="same")
    with pytest.raises(ValueError, match=re.escape("features must be finite, got 1 entries that are not")):
        check_finite(torch.tensor([math.inf, 0.0]), name="features")


def test_where_there_are_no_values_none_are_asked_for():
    meta = torch.zeros(2, 3, device="meta")
    check_cosines(meta)
    check_finite(meta, name="features")
    check_labels(torch.zeros(2, dtype=torch.long, device="meta"), classes=1)


def test_no_margin_is_a_margin_and_the_ends_are_shares():
    check_margins(m1=1.0, m2=0.0, m3=0.0, s=1.0)
    check_far(far=0.0)
    check_far(far=1.0)
