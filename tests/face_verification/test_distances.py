"""Distances: the library's numbers, their identities, and which of several pairs decides."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmnotes.face_verification import (
    angular_distance,
    closest_pair,
    cosine_distance,
    euclidean_distance,
    unit_distance,
)
from mmnotes.face_verification.released import DLIB, METRICS, THRESHOLDS, equivalent
from tests.face_verification import golden

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
WAYS = dict(zip(METRICS, (cosine_distance, euclidean_distance, unit_distance, angular_distance), strict=True))


def vectors(seed, count=2, dim=128):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("metric", METRICS)
def test_numbers_of_the_library(metric):
    i = torch.arange(128.0, dtype=torch.float64)
    found = WAYS[metric](0.2 + (0.7 * i).sin(), 0.3 + 1.3 * (1.1 * i + 0.4).cos())
    assert found.item() == pytest.approx(golden.DISTANCES[metric], abs=1e-6)


@repeatable
@given(st.integers(0, 10**6), st.floats(0.1, 10))
def test_three_of_them_are_one_number(seed, gain):
    one, other = vectors(seed)
    d = cosine_distance(one, other)
    torch.testing.assert_close(unit_distance(one, other), (2 * d).sqrt())
    torch.testing.assert_close(angular_distance(one, other), (1 - d).acos() / math.pi)
    for metric in ("cosine", "euclidean_l2", "angular"):
        torch.testing.assert_close(WAYS[metric](gain * one, other), WAYS[metric](one, other))
    assert not torch.allclose(euclidean_distance(3 * one, other), euclidean_distance(one, other))


def test_limits():
    one = vectors(0)[0]
    for metric, least, most in (("cosine", 0, 2), ("euclidean_l2", 0, 2), ("angular", 0, 1)):
        assert WAYS[metric](one, one).item() == pytest.approx(least, abs=1e-7)
        assert WAYS[metric](one, -one).item() == pytest.approx(most)
    tiny = one + 1e-7 * vectors(1)[0]
    assert 0 < angular_distance(one, tiny).item() < 1e-6, "an arccosine of nearly 1 has lost such angles"


def test_many_at_once():
    first, second = vectors(2, 6).reshape(2, 3, 128), vectors(3, 6).reshape(2, 3, 128)
    for way in WAYS.values():
        assert way(first, second).shape == (2, 3)
        torch.testing.assert_close(way(first, second)[1, 2], way(first[1, 2], second[1, 2]))


def test_gradients():
    one, other = (each.requires_grad_() for each in vectors(4, dim=7))
    for way in WAYS.values():
        torch.autograd.gradcheck(way, (one, other))


def test_the_closest_pair_decides():
    first, second = vectors(5, 3), vectors(6, 5)
    second[3] = first[1] + 0.01
    table = [[euclidean_distance(one, other).item() for other in second] for one in first]
    found = closest_pair(first, second)
    assert (found.first, found.second) == (1, 3) and found.distance == pytest.approx(min(map(min, table)))


def test_equivalent_thresholds():
    assert DLIB == 0.6 == THRESHOLDS["Dlib"][METRICS.index("euclidean")]
    assert equivalent(cosine=0.5) == {"euclidean_l2": pytest.approx(1), "angular": pytest.approx(1 / 3)}


def test_bad_inputs():
    one = vectors(7)[0]
    for metric in ("cosine", "euclidean_l2", "angular"):
        with pytest.raises(ValueError, match="second must not be zero"):
            WAYS[metric](one, 0 * one)
    for way in WAYS.values():
        with pytest.raises(TypeError, match="second"):
            way(one, one[:5])
    with pytest.raises(ValueError, match="second must have a vector at least"):
        closest_pair(one[None], one[None][:0])
