"""Similarities: scikit-image's numbers, identities, least squares by a solver, and no reflection."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmnotes.face_verification import eye_angle, moved, similarity, umeyama
from tests.face_verification import golden
from tests.face_verification.cases import points, points_in_space

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
MIRROR = torch.tensor([-1.0, 1.0]).double()


@pytest.mark.parametrize("fit", [similarity, umeyama])
def test_numbers_of_scikit_image(fit):
    first, second = points()
    for targets, wanted in ((second, golden.SIMILARITY), (second * MIRROR, golden.OF_MIRRORED)):
        torch.testing.assert_close(fit(first, targets), torch.tensor(wanted, dtype=torch.float64), rtol=0, atol=1e-9)


def test_numbers_of_scikit_image_in_space():
    first, second = points_in_space()
    mirror = torch.tensor([1.0, 1, -1]).double()
    for targets, wanted in ((second, golden.IN_SPACE), (second * mirror, golden.IN_SPACE_MIRRORED)):
        torch.testing.assert_close(
            umeyama(first, targets), torch.tensor(wanted, dtype=torch.float64), rtol=0, atol=1e-9
        )


@repeatable
@given(st.integers(0, 10**6))
def test_both_forms_agree_and_none_reflects(seed):
    random = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(5, 2, generator=random).double() for _ in range(2))
    fits = [similarity(first, second), umeyama(first, second)]
    torch.testing.assert_close(*fits, rtol=0, atol=1e-9)
    assert all(torch.linalg.det(each[:, :2]) >= 0 for each in fits)


def test_mirrored_landmarks_are_not_mirrored_back():
    """Without the sign of Umeyama the fit would be perfect, and a reflection."""
    first, _ = points()
    found = umeyama(first, first * MIRROR)
    assert torch.linalg.det(found[:, :2]) > 0
    assert (moved(first, found) - first * MIRROR).norm() > 10
    u, _, vh = torch.linalg.svd((first * MIRROR - (first * MIRROR).mean(0)).T @ (first - first.mean(0)))
    assert torch.linalg.det(u @ vh) < 0, "so says the unconstrained one"


def test_least_squares_by_a_solver():
    """The four numbers p, q, s, t of (p x - q y + s, q x + p y + t), from the normal equations."""
    first, second = points()
    rows = [row for x, y in first.tolist() for row in ([x, -y, 1, 0], [y, x, 0, 1])]
    p, q, s, t = torch.linalg.lstsq(torch.tensor(rows, dtype=torch.float64), second.flatten()[:, None]).solution[:, 0]
    wanted = torch.stack([p, -q, s, q, p, t]).reshape(2, 3)
    torch.testing.assert_close(similarity(first, second), wanted, rtol=0, atol=1e-9)


def test_a_similarity_is_found_again_and_composes():
    first, _ = points()
    angle, scale, shift = 0.7, 1.9, torch.tensor([3.0, -5.0]).double()
    rows = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    turn = scale * torch.tensor(rows, dtype=torch.float64)
    wanted = torch.cat([turn, shift[:, None]], 1)
    for fit in (similarity, umeyama):
        torch.testing.assert_close(fit(first, moved(first, wanted)), wanted, rtol=0, atol=1e-10)


def test_eyes_make_the_angle():
    landmarks = torch.tensor([[0.0, 0], [2, 2], [1, 3], [0, 4], [2, 4]])
    assert eye_angle(landmarks).item() == pytest.approx(math.pi / 4)
    assert eye_angle(landmarks[[1, 0, 2, 3, 4]]).item() == pytest.approx(-3 * math.pi / 4)


def test_gradients_reach_points_and_targets():
    first, second = (each.requires_grad_() for each in points())
    for fit in (similarity, umeyama):
        torch.autograd.gradcheck(fit, (first, second))


@pytest.mark.parametrize("fit", [similarity, umeyama])
def test_bad_inputs(fit):
    first, second = points()
    with pytest.raises(ValueError, match="points must be finite"):
        fit(first * torch.nan, second)
    with pytest.raises(ValueError, match="targets must be finite"):
        fit(first, second * torch.inf)
    with pytest.raises(ValueError, match="points must not all coincide, got 5 times"):
        fit(first[:1].expand(5, 2), second)
    with pytest.raises(ValueError, match="two at least, got 1"):
        fit(first[:1], second[:1])
    with pytest.raises(TypeError, match="targets"):
        fit(first, second[:4])


def test_points_on_a_line_fix_a_turn_of_the_plane_and_none_of_space():
    line = torch.arange(5.0).double()[:, None] * torch.tensor([[1.0, 2.0, 3.0]]).double()
    torch.testing.assert_close(umeyama(line[:, :2], line[:, :2]), torch.eye(2, 3).double())
    torch.testing.assert_close(similarity(line[:, :2], line[:, :2]), torch.eye(2, 3).double())
    with pytest.raises(ValueError, match="points must fix a turn"):
        umeyama(line, line)
    with pytest.raises(ValueError, match="landmarks must be finite, with eyes apart"):
        eye_angle(torch.zeros(5, 2))
