"""What the contrastive losses refuse, and what they do with half precision, odd layouts and extreme scales."""

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from bench.timing import peak_bytes
from mmnotes.infonce import info_nce, sharded_info_nce, sigmoid_loss, similarity
from tests.infonce.cases import features, slopes, textbook, waves

SQUARE, ROWS = torch.eye(3), torch.ones(3, 2)
CALLS = {
    "info_nce": (info_nce, {"similarity": SQUARE, "scale": 1.0}),
    "sigmoid_loss": (sigmoid_loss, {"similarity": SQUARE, "scale": 1.0, "bias": 0.0}),
    "sharded_info_nce": (sharded_info_nce, {"image": ROWS, "text": ROWS, "scale": 1.0}),
    "similarity": (similarity, {"image": ROWS, "text": ROWS}),
}
every_scale = pytest.mark.parametrize("name", ["info_nce", "sigmoid_loss", "sharded_info_nce"])


def refused(name, error, message, **changed):
    function, arguments = CALLS[name]
    function(**arguments)
    with pytest.raises(error, match=re.escape(message)):
        function(**{**arguments, **changed})


@every_scale
@pytest.mark.parametrize("scale", [0.0, -2.0, math.inf, math.nan])
def test_scale(name, scale):
    for given_scale in (scale, torch.tensor(scale)):
        refused(name, ValueError, f"scale must be positive and finite, got {scale}", scale=given_scale)


@pytest.mark.parametrize("bias", [math.inf, -math.inf, math.nan])
def test_bias(bias):
    refused("sigmoid_loss", ValueError, f"bias must be finite, got {bias}", bias=bias)


@pytest.mark.parametrize("name", ["info_nce", "sigmoid_loss"])
def test_similarities(name):
    refused(name, ValueError, "similarity must hold at least one pair", similarity=torch.ones(0, 0))
    refused(name, TypeCheckError, "typechecking parameter 'similarity'", similarity=torch.ones(3, 4))
    refused(name, TypeCheckError, "typechecking parameter 'similarity'", similarity=torch.eye(3).long())


def test_features():
    refused(
        "similarity",
        ValueError,
        "image must have a dimension or more, got (3, 0)",
        image=torch.ones(3, 0),
        text=torch.ones(3, 0),
    )
    refused("similarity", TypeCheckError, "typechecking parameter 'text'", text=torch.ones(3, 5))
    refused("sharded_info_nce", TypeCheckError, "typechecking parameter 'text'", text=torch.ones(4, 2))
    empty = {"image": torch.ones(0, 2), "text": torch.ones(0, 2)}
    refused("sharded_info_nce", ValueError, "image must have equally many rows on every process", **empty)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype):
    """At scale 100 a logit of float16 is off by up to 0.03, and its exponential overflows beyond 11."""
    image, text = (each.to(dtype) for each in features())
    s = similarity(image, text)
    assert s.dtype == torch.float32
    torch.testing.assert_close(s, similarity(image.float(), text.float()), rtol=0, atol=0)
    half = s.to(dtype).requires_grad_()
    for loss_of in (info_nce, lambda s, scale: sigmoid_loss(s, scale=scale, bias=-10.0)):
        exact = half.detach().double().requires_grad_()
        loss, expected = loss_of(half, scale=100.0), loss_of(exact, scale=100.0)
        assert loss.dtype == torch.float32
        torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=1e-5)
        ours, theirs = slopes(loss, half)[0], slopes(expected, exact)[0]
        assert ours.dtype == dtype
        torch.testing.assert_close(ours.double(), theirs, rtol=2 * torch.finfo(dtype).eps, atol=1e-6)
    assert sharded_info_nce(image, text, scale=100.0).dtype == torch.float32


def test_autocast_takes_no_precision_away():
    """What is promoted on purpose stays so: at scale 100 half precision would be off by 0.4 nats."""
    image, text = (each.float().requires_grad_() for each in features())
    calls = {
        "similarity": lambda: info_nce(similarity(image, text), scale=100.0),
        "sigmoid": lambda: sigmoid_loss(similarity(image, text), scale=100.0, bias=-10.0),
        "sharded": lambda: sharded_info_nce(image, text, scale=100.0),
        "half": lambda: info_nce(similarity(image.bfloat16(), text.bfloat16()), scale=100.0),
    }
    for call in calls.values():
        expected = call()
        with torch.autocast("cpu", torch.bfloat16):
            found = call()
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, rtol=0, atol=0)
        torch.testing.assert_close(slopes(found, image, text), slopes(expected, image, text), rtol=0, atol=0)


def test_dtypes():
    s, scale = waves(5, 5).float(), torch.tensor(9.0, dtype=torch.float16, requires_grad=True)
    assert info_nce(s, scale=scale).dtype == torch.float32
    assert slopes(info_nce(s, scale=scale), scale)[0].dtype == torch.float16
    assert info_nce(s.double(), scale=9.0).dtype == sigmoid_loss(s.double(), scale=9.0, bias=0.0).dtype == torch.float64
    assert similarity(torch.ones(2, 3), torch.ones(2, 3).double()).dtype == torch.float64
    assert info_nce(s, scale=9).item() == info_nce(s, scale=9.0).item()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0, 1e4])
def test_no_scale_overflows(scale):
    s = waves(7, 7).float().requires_grad_()
    loss, exact = info_nce(s, scale=scale), textbook(s.double(), scale)
    torch.testing.assert_close(loss.double(), exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(slopes(loss, s)[0], slopes(exact, s)[0], rtol=1e-4, atol=1e-5 * scale)
    assert sigmoid_loss(s, scale=scale, bias=-10.0).isfinite()


def test_masked_similarities():
    """A pair at -inf is no negative: the loss is that without it."""
    s = waves(5, 5)
    masked = s.clone()
    masked[1, 3] = -math.inf
    far = s.clone()
    far[1, 3] = -1e4
    torch.testing.assert_close(info_nce(masked, scale=2.0), info_nce(far, scale=2.0))


def test_inputs_stay_and_their_layout_does_not_matter():
    image, text = features()
    s = similarity(image, text)
    before = [each.clone() for each in (image, text, s)]
    turned = s.T.contiguous().T.requires_grad_()
    assert not turned.is_contiguous()
    straight = s.clone().requires_grad_()
    found, expected = info_nce(turned, scale=9.0), info_nce(straight, scale=9.0)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(slopes(found, turned), slopes(expected, straight))
    sharded_info_nce(image, text, scale=9.0), sigmoid_loss(s, scale=9.0, bias=-1.0)
    for changed, kept in zip((image, text, s), before, strict=True):
        assert torch.equal(changed, kept)


def test_one_matrix_more_than_the_similarities():
    """The gradient; textbook code makes five."""
    s = waves(1021, 1021).float().requires_grad_()
    scale = torch.tensor(14.0, requires_grad=True)
    ours, theirs = (
        peak_bytes(lambda loss=loss: slopes(loss(s, scale=scale), s, scale)) for loss in (info_nce, textbook)
    )
    assert ours / s.nbytes == pytest.approx(1.2, abs=0.25)
    assert theirs / s.nbytes > 3.5


repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
COSINE = st.floats(-1, 1)


@st.composite
def squares(draw):
    count = draw(st.integers(1, 6))
    numbers = draw(st.lists(COSINE, min_size=count * count, max_size=count * count))
    return torch.tensor(numbers, dtype=torch.float64).view(count, count)


@repeatable
@given(squares(), st.floats(0.1, 100), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(s, scale, random):
    order = torch.tensor(random.sample(range(len(s)), len(s)))
    shuffled = s[order][:, order]
    torch.testing.assert_close(info_nce(shuffled, scale=scale), info_nce(s, scale=scale))
    expected = sigmoid_loss(s, scale=scale, bias=-3.0)
    torch.testing.assert_close(sigmoid_loss(shuffled, scale=scale, bias=-3.0), expected)


@repeatable
@given(squares(), st.floats(0.1, 100))
def test_log_n_minus_the_loss_is_at_most_log_n_and_the_loss_at_most_scaled(s, scale):
    loss = info_nce(s, scale=scale).item()
    assert -1e-12 <= loss <= math.log(len(s)) + 2 * scale + 1e-9


@repeatable
@given(squares(), st.floats(0.1, 100))
def test_every_row_and_column_of_the_gradient_adds_up(s, scale):
    """What moves a row as a whole does not change its own direction, only the other: half a softmax is left."""
    s = s.requires_grad_()
    (slope,) = slopes(info_nce(s, scale=scale), s)
    by_row = ((scale * s).softmax(0).sum(1) - 1) * scale / (2 * len(s))
    torch.testing.assert_close(slope.sum(1), by_row.detach(), rtol=1e-9, atol=1e-10)
