"""The floor of the loss: reached by a simplex, passed by nothing, and what is refused."""

import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.arcface import least_loss, least_scale, margin_loss, simplex


@pytest.mark.parametrize("classes", [2, 3, 7, 61])
@pytest.mark.parametrize("s", [0.5, 4.0, 64.0])
@pytest.mark.parametrize("margin", [0.0, 0.35])
def test_a_simplex_reaches_the_floor(classes, s, margin):
    rows = simplex(classes=classes)
    found = margin_loss(rows, rows, torch.arange(classes), m3=margin, s=s).item()
    assert math.isclose(found, least_loss(classes=classes, s=s, margin=margin), rel_tol=1e-9, abs_tol=1e-14)


def test_the_simplex_is_one():
    rows = simplex(classes=5)
    wanted = torch.full((5, 5), -1 / 4).double().fill_diagonal_(1)
    torch.testing.assert_close(rows @ rows.T, wanted, rtol=0, atol=1e-14)
    assert torch.linalg.matrix_rank(rows) == 4


@given(st.integers(2, 9), st.floats(0.1, 40), st.floats(0, 1), st.integers(0, 10_000))
def test_nothing_passes_the_floor(classes, s, margin, seed):
    random = torch.Generator().manual_seed(seed)
    features, rows = (torch.randn(classes, 4, generator=random, dtype=torch.float64) for _ in range(2))
    found = margin_loss(features, rows, torch.arange(classes), m3=margin, s=s).item()
    assert found >= least_loss(classes=classes, s=s, margin=margin) - 1e-9


@given(st.integers(2, 9), st.floats(0.1, 40), st.floats(0, 1), st.integers(0, 10_000))
def test_arcface_costs_as_much_as_its_margin_at_the_angle_zero(classes, s, m2, seed):
    random = torch.Generator().manual_seed(seed)
    rows = torch.randn(classes, 4, generator=random, dtype=torch.float64)
    features = rows + 0.5 * torch.randn(classes, 4, generator=random, dtype=torch.float64)
    if torch.cosine_similarity(features, rows).clamp(-1, 1).arccos().max() > math.pi - m2:
        return
    found = margin_loss(features, rows, torch.arange(classes), m2=m2, s=s).item()
    assert found >= least_loss(classes=classes, s=s, margin=1 - math.cos(m2)) - 1e-9


def test_training_ends_at_the_floor():
    torch.manual_seed(0)
    features, rows = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimiser = torch.optim.Adam([features, rows], lr=0.05)
    for _ in range(600):
        loss = margin_loss(features, rows, torch.arange(4), s=2.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert -1e-12 < loss.item() - least_loss(classes=4, s=2.0) < 1e-4


@pytest.mark.parametrize(("classes", "share"), [(2, 0.9), (529, 0.5), (85_000, 0.9999)])
def test_the_least_scale_gives_the_share(classes, share):
    s = least_scale(classes=classes, share=share)
    assert abs(math.exp(-least_loss(classes=classes, s=s)) - share) < 1e-12


def test_large_scales_do_not_overflow():
    assert least_loss(classes=10, s=1e4) == 0.0
    assert math.isclose(least_loss(classes=10, s=1e4, margin=2.0), math.log(9) + 1e4 * (2 - 10 / 9))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_loss(classes=1, s=1.0), "classes must be 2 or more, got 1"),
        (lambda: least_loss(classes=5, s=0.0), "s must be positive and finite, got 0.0"),
        (lambda: least_loss(classes=5, s=1.0, margin=math.nan), "margin must be finite, got nan"),
        (lambda: least_scale(classes=1, share=0.9), "classes must be 2 or more, got 1"),
        (lambda: least_scale(classes=4, share=0.25), "share must lie between 1 / classes and 1, got 0.25"),
        (lambda: least_scale(classes=4, share=1.0), "share must lie between 1 / classes and 1, got 1.0"),
        (lambda: simplex(classes=1), "classes must be 2 or more, got 1"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
