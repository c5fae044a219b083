"""The logits and their gradients: shapes, loops, limits, slopes, and what is refused."""

import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch.nn.functional import cross_entropy

from mmnotes.arcface import cosines, guarded_logits, margin_logits, margin_loss, straight_through_logits
from tests.arcface.cases import LABELS, formula, loss_by_loops

MARGINS = [{}, {"m1": 1.35}, {"m2": 0.5}, {"m3": 0.4}, {"m1": 0.9, "m2": 0.4, "m3": 0.15}]
LOGITS = {
    "margin": margin_logits,
    "straight-through": straight_through_logits,
    "guarded": lambda cosine, labels, m2=0.5, **rest: guarded_logits(cosine, labels, m2=m2, **rest),
}


def at(*degrees, others=(0.2,)):
    """Cosines of one feature for each angle to its own row, which is the first."""
    own = torch.tensor(degrees, dtype=torch.float64).deg2rad().cos()
    return torch.stack([own, *(torch.full_like(own, other) for other in others)], 1), torch.zeros(len(own), dtype=int)


@pytest.mark.parametrize("margins", MARGINS)
def test_is_the_loss_of_loops(margins):
    features, rows = formula()
    found = margin_loss(features, rows, LABELS, **margins, s=7.0)
    assert found.shape == () and abs(found.item() - loss_by_loops(features, rows, LABELS, **margins, s=7.0)) < 1e-12


@pytest.mark.parametrize("name", LOGITS)
def test_only_the_right_class_has_a_margin(name):
    features, rows = formula()
    cosine = cosines(features, rows).detach()
    logits = LOGITS[name](cosine, LABELS, m2=0.3, s=3.0)
    right = torch.nn.functional.one_hot(LABELS, 7).bool()
    assert logits.shape == (5, 7) and torch.equal(logits[~right], 3 * cosine[~right])
    before = torch.tensor([theta < math.pi - 0.3 for theta in cosine[right].arccos()])
    wanted = 3 * (cosine[right].arccos() + 0.3).cos()
    torch.testing.assert_close(logits[right][before], wanted[before], rtol=0, atol=1e-12)
    assert before.sum() == 4


def test_without_margins_it_is_the_scaled_cosine():
    features, rows = formula()
    cosine = cosines(features, rows)
    for logits_of in (margin_logits, straight_through_logits):
        assert torch.equal(logits_of(cosine, LABELS, s=5.0), 5 * cosine)
    assert torch.equal(guarded_logits(cosine, LABELS, m2=0.0, s=5.0), 5 * cosine)


def test_the_margin_of_the_cosine_is_inside_the_scale():
    cosine, labels = at(60)
    assert abs(margin_logits(cosine, labels, m3=0.4, s=10.0)[0, 0].item() - 10 * (0.5 - 0.4)) < 1e-12


def test_the_lengths_of_features_and_rows_do_not_count():
    features, rows = formula()
    long = cosines(3 * features, rows * torch.arange(1, 8)[:, None])
    torch.testing.assert_close(long, cosines(features, rows), rtol=0, atol=1e-14)
    plain = cosines(features, rows)
    assert plain.abs().max() <= 1 + 1e-12 and plain.dtype == torch.float64
    assert torch.equal(cosines(torch.zeros(1, 3), torch.ones(2, 3)), torch.zeros(1, 2))


@pytest.mark.parametrize("margins", MARGINS)
def test_exact_gradients_are_those_of_finite_differences(margins):
    features, rows = formula()
    assert torch.autograd.gradcheck(lambda x, w: margin_loss(x, w, LABELS, **margins, s=4.0), (features, rows))


@pytest.mark.parametrize("margins", MARGINS)
def test_straight_through_has_the_same_values_and_the_gradient_of_the_scaled_cosine(margins):
    features, rows = formula()
    cosine = cosines(features, rows).detach().requires_grad_()
    exact, through = (
        logits_of(cosine, LABELS, **margins, s=4.0) for logits_of in (margin_logits, straight_through_logits)
    )
    torch.testing.assert_close(through, exact, rtol=0, atol=1e-13)
    (slope,) = torch.autograd.grad(cross_entropy(through, LABELS), cosine)
    wanted = 4 * (exact.detach().softmax(1) - torch.nn.functional.one_hot(LABELS, 7)) / 5
    torch.testing.assert_close(slope, wanted, rtol=0, atol=1e-14)


@pytest.mark.parametrize("degrees", [3.0, 61.0, 119.0, 178.0])
def test_the_exact_slope_has_the_ratio_of_two_sines(degrees):
    cosine, labels = at(degrees)
    slopes = []
    for logits_of in (margin_logits, straight_through_logits):
        given = cosine.clone().requires_grad_()
        (slope,) = torch.autograd.grad(logits_of(given, labels, m1=1.2, m2=0.5, s=8.0)[:, 0].sum(), given)
        slopes.append(slope[0, 0].item())
    theta = math.radians(degrees)
    assert abs(slopes[1] - 8) < 1e-12
    assert abs(slopes[0] - 8 * 1.2 * math.sin(1.2 * theta + 0.5) / math.sin(theta)) < 1e-9


def test_for_the_margin_of_the_cosine_both_gradients_agree():
    features, rows = formula()
    slopes = [
        torch.autograd.grad(cross_entropy(logits_of(cosines(features, rows), LABELS, m3=0.4), LABELS), (features, rows))
        for logits_of in (margin_logits, straight_through_logits)
    ]
    for exact, through in zip(*slopes, strict=True):
        torch.testing.assert_close(through, exact, rtol=0, atol=1e-14)


def test_beyond_pi_less_the_margin_only_the_exact_gradient_pushes_away():
    cosine, labels = at(170)
    pushes = []
    for logits_of in (margin_logits, straight_through_logits):
        given = cosine.clone().requires_grad_()
        loss = cross_entropy(logits_of(given, labels, m2=0.5, s=8.0), labels)
        pushes.append(-torch.autograd.grad(loss, given)[0][0, 0].item())
    assert pushes[0] < 0 < pushes[1]


def test_the_guard_falls_everywhere_and_differs_only_beyond():
    cosine, labels = at(*range(1, 180))
    guarded, plain = guarded_logits(cosine, labels, m2=0.5)[:, 0], margin_logits(cosine, labels, m2=0.5)[:, 0]
    near = torch.arange(1, 180) < math.degrees(math.pi - 0.5)
    assert torch.equal(guarded[near], plain[near]) and (guarded[~near] < plain[~near]).all()
    assert (guarded.diff() < 0).all() and not (plain.diff() < 0).all()
    assert abs(guarded[-1].item() - 64 * (math.cos(math.radians(179)) - 0.5 * math.sin(0.5))) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("end", [1.0, -1.0])
def test_at_the_ends_values_are_right_and_slopes_finite(dtype, end):
    cosine = torch.tensor([[end, 0.0]], dtype=dtype, requires_grad=True)
    logits = margin_logits(cosine, torch.tensor([0]), m2=0.5, s=2.0)
    assert abs(logits[0, 0].item() - 2 * end * math.cos(0.5)) < 1e-6
    (slope,) = torch.autograd.grad(logits.sum(), cosine)
    assert torch.equal(slope, torch.tensor([[0.0, 2.0]], dtype=dtype))
    over = torch.full((1, 2), end * (1 + torch.finfo(dtype).eps), dtype=dtype)
    assert margin_logits(over, torch.tensor([0]), m2=0.5).isfinite().all()


def test_half_precision_comes_as_single_and_inputs_stay():
    features, rows = (each.detach().half() for each in formula())
    before = features.clone()
    assert cosines(features, rows).dtype == torch.float32 and torch.equal(features, before)
    cosine = torch.tensor([[0.5, 0.25]], dtype=torch.bfloat16)
    kept = cosine.clone()
    assert margin_logits(cosine, torch.tensor([0]), m2=0.5).dtype == torch.float32 and torch.equal(cosine, kept)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert cosines(*(each.detach().float() for each in formula())).dtype == torch.float32


@given(st.floats(0.001, math.pi - 0.001), st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1), st.floats(0.1, 50))
def test_a_margin_never_lowers_the_loss_before_the_turn(theta, m2, m3, other, s):
    if theta + m2 > math.pi:
        return
    cosine = torch.tensor([[math.cos(theta), other]], dtype=torch.float64)
    label = torch.tensor([0])
    with_it, without = (
        cross_entropy(margin_logits(cosine, label, **margins, s=s), label) for margins in ({"m2": m2, "m3": m3}, {})
    )
    assert with_it >= without - 1e-9


COSINE, LABEL = torch.tensor([[0.5, 0.1, -0.3]]), torch.tensor([2])


@pytest.mark.parametrize("name", LOGITS)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"cosine": torch.tensor([[0.5, 1.2, 0.0]])}, "cosine must lie from -1 to 1, got entries from 0 to 1.2"),
        ({"cosine": torch.tensor([[0.5, math.nan, 0.0]])}, "cosine must lie from -1 to 1, got entries from nan to nan"),
        ({"cosine": torch.zeros(1, 0)}, "cosine must not be empty, got the shape (1, 0)"),
        ({"labels": torch.tensor([3])}, "labels must be between 0 and 2, got 3 to 3"),
        ({"labels": torch.tensor([-1])}, "labels must be between 0 and 2, got -1 to -1"),
        ({"s": 0.0}, "s must be positive and finite, got 0.0"),
        ({"s": math.inf}, "s must be positive and finite, got inf"),
        ({"m2": -0.1}, "m2 must be >= 0, got -0.1"),
        ({"m2": math.nan}, "m2 must be finite, got nan"),
    ],
)
def test_values_that_are_refused(name, bad, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        LOGITS[name](**{"cosine": COSINE, "labels": LABEL, **bad})


@pytest.mark.parametrize("logits_of", [margin_logits, straight_through_logits])
@pytest.mark.parametrize(
    ("bad", "message"), [({"m1": 0.0}, "m1 must be positive and finite"), ({"m3": -1.0}, "m3 must be >= 0, got -1.0")]
)
def test_the_other_margins_that_are_refused(logits_of, bad, message):
    with pytest.raises(ValueError, match=message):
        logits_of(COSINE, LABEL, **bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"features": torch.full((1, 3), math.inf)}, "features must be finite, got 3 entries"),
        ({"prototypes": torch.full((2, 3), math.nan)}, "prototypes must be finite, got 6 entries"),
        ({"features": torch.ones(0, 3)}, "features must not be empty"),
    ],
)
def test_features_and_rows_that_are_refused(bad, message):
    given = {"features": torch.ones(1, 3), "prototypes": torch.ones(2, 3), **bad}
    with pytest.raises(ValueError, match=re.escape(message)):
        cosines(**given)
    if given["features"].numel():
        with pytest.raises(ValueError, match=re.escape(message)):
            margin_loss(**given, labels=torch.tensor([0]))


@pytest.mark.parametrize(
    ("function", "given", "named"),
    [
        (margin_logits, (COSINE.int(), LABEL), "cosine"),
        (margin_logits, (COSINE[0], LABEL), "cosine"),
        (straight_through_logits, (COSINE, LABEL.float()), "labels"),
        (straight_through_logits, (COSINE, torch.tensor([0, 1])), "labels"),
        (cosines, (torch.ones(1, 3), torch.ones(2, 4)), "prototypes"),
        (margin_loss, (torch.ones(2, 3), torch.ones(2, 3), LABEL), "labels"),
    ],
)
def test_shapes_and_dtypes_that_are_refused(function, given, named):
    with pytest.raises(TypeCheckError, match=named):
        function(*given)
