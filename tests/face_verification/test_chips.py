"""Chips: a picture as a formula, sampled where it should be; the library's turn; letterboxes."""

import math

import pytest
import torch
from torch.nn.functional import interpolate

from mmnotes.face_verification import face_chip, letterboxed, moved, rotated_crop, similarity, warped
from mmnotes.face_verification.chips import DLIB_FIVE, check_landmarks, chip_at, template
from mmnotes.face_verification.pretrained import portraits
from tests.face_verification.cases import faces

LANDMARKS = torch.tensor([[40.0, 50], [80, 46], [62, 70], [45, 90], [82, 87]])


def slope(height, width):
    """A picture whose colours are its column, its row and their sum, from 0 to 1."""
    rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return torch.stack([columns / width, rows / height, (columns + rows) / (height + width)])


def test_a_sample_between_pixels_is_in_proportion():
    picture = slope(40, 70)
    transform = torch.tensor([[0.7, -0.3, 12.0], [0.3, 0.7, 5.5]])
    found = warped(picture, transform, size=20)
    for row in range(20):
        for column in range(20):
            x, y = moved(torch.tensor([[float(column), row]]), transform)[0].tolist()
            assert found[0, row, column].item() == pytest.approx(x / 70, abs=1e-5)
            assert found[1, row, column].item() == pytest.approx(y / 40, abs=1e-5)


def test_the_identity_copies_and_beyond_the_edge_is_black():
    picture = slope(9, 9)
    torch.testing.assert_close(warped(picture, torch.eye(2, 3), size=9), picture)
    beyond = warped(torch.ones(1, 5, 5), torch.tensor([[1.0, 0, 3], [0, 1, 0]]), size=5)
    assert beyond[0, 2].tolist() == [1, 1, 0, 0, 0]


def test_the_landmarks_land_on_the_mean_face():
    """A picture of coordinates: at its landmarks' places the chip shows where they were."""
    picture, target = slope(130, 120), template()
    chip = face_chip(picture, LANDMARKS)
    fit = similarity(target, LANDMARKS)
    at = target.round().long()
    shown = chip[:2, at[:, 1], at[:, 0]].T * torch.tensor([120, 130])
    torch.testing.assert_close(shown, moved(target.round(), fit), rtol=0, atol=0.02)
    assert (moved(target, fit) - LANDMARKS).norm(dim=1).max() < 8


def test_dlibs_five_and_the_mean_face_have_the_same_eyes():
    theirs, ours = template(face=DLIB_FIVE), template()
    torch.testing.assert_close(theirs[2:4].mean(0), ours[0], rtol=0, atol=0.6)
    torch.testing.assert_close(theirs[:2].mean(0), ours[1], rtol=0, atol=0.6)


def test_a_large_face_is_halved_first():
    """A pattern of single pixels is grey after halving, where samples between pixels would keep it."""
    rows, columns = torch.meshgrid(torch.arange(900), torch.arange(900), indexing="ij")
    board = ((rows + columns) % 2).float().expand(3, -1, -1)
    chip = chip_at(board, torch.tensor([[5.0, 0, 60], [0, 5, 60]]))
    assert (chip - 0.5).abs().max() < 1e-6
    smooth = slope(900, 900)
    found = chip_at(smooth, torch.tensor([[5.0, 0, 60], [0, 5, 60]]))
    torch.testing.assert_close(
        found, warped(smooth, torch.tensor([[5.0, 0, 60], [0, 5, 60]]), size=150), atol=1e-3, rtol=0
    )


def test_a_chip_does_not_depend_on_size_and_turn_of_the_face():
    picture, landmarks = portraits()["astronaut"], faces()["astronaut"].steps.faces.landmarks[0]
    turn = 0.8 * torch.tensor([[math.cos(0.5), -math.sin(0.5)], [math.sin(0.5), math.cos(0.5)]])
    back = torch.cat([turn, torch.tensor([[60.0], [-20]])], 1)
    other = warped(picture, back, size=400)
    there = torch.linalg.solve(turn, (landmarks - back[:, 2]).T).T
    assert (face_chip(other, there) - face_chip(picture, landmarks)).abs().mean() < 0.02


def test_the_library_turns_until_the_eyes_are_level():
    name = "astronaut"
    picture = portraits()[name]
    found = faces()[name].steps.faces
    crop = rotated_crop(picture, found.boxes[0], found.landmarks[0])
    left, top, right, bottom = found.boxes[0].int().tolist()
    assert crop.shape == (3, bottom - top, right - left)
    level = torch.tensor([[60.0, 80], [90, 80], [75, 95], [65, 110], [85, 110]])
    torch.testing.assert_close(rotated_crop(picture, found.boxes[0], level), picture[:, top:bottom, left:right])


def test_a_turned_picture_is_turned_back():
    """Eyes of a turned ramp: after the library's turn the rows of the crop are those of the ramp again."""
    angle = torch.tensor(0.3)
    turn = torch.tensor([[angle.cos(), -angle.sin(), 0], [angle.sin(), angle.cos(), 0]])
    middle = torch.tensor([49.5, 49.5])
    turn[:, 2] = middle - turn[:, :2] @ middle
    rows = slope(100, 100)[1:2].expand(3, -1, -1)
    leaning = warped(rows, turn, size=100)
    eyes = middle + torch.tensor([[-15.0, 0], [15, 0], [0, 10], [-10, 20], [10, 20]]) @ turn[:, :2]
    assert eyes[1, 1] != eyes[0, 1]
    crop = rotated_crop(leaning, torch.tensor([30.0, 30, 70, 70]), eyes)
    torch.testing.assert_close(crop, rows[:, 30:70, 30:70], rtol=0, atol=2e-3)


@pytest.mark.parametrize("size", [(40, 60), (60, 40), (50, 50)])
def test_a_letterbox_keeps_proportions(size):
    picture = 0.5 + slope(*size) / 2
    found = letterboxed(picture, size=30)
    rows, columns = (side * 30 // max(size) for side in size)
    above, beside = (30 - rows) // 2, (30 - columns) // 2
    inner = found[:, above : above + rows, beside : beside + columns]
    torch.testing.assert_close(inner, interpolate(picture[None], size=(rows, columns), mode="bilinear")[0])
    assert (found > 0).all(0).sum() == rows * columns


def test_bad_inputs():
    picture = slope(40, 60)
    with pytest.raises(ValueError, match="landmarks must be finite"):
        face_chip(picture, LANDMARKS * torch.nan)
    with pytest.raises(ValueError, match="landmarks must not lie on one line"):
        face_chip(picture, torch.arange(10.0).reshape(5, 2))
    with pytest.raises(ValueError, match="landmarks must not lie on one line"):
        check_landmarks(torch.zeros(5, 2))
    with pytest.raises(TypeError, match="landmarks"):
        face_chip(picture, LANDMARKS[:4])
    with pytest.raises(TypeError, match="picture"):
        face_chip(picture.byte(), LANDMARKS)
    with pytest.raises(ValueError, match="box must be left < right"):
        rotated_crop(picture, torch.tensor([5.0, 5, 5, 9]), LANDMARKS)
    with pytest.raises(ValueError, match="size must be 1 or more, got 0"):
        letterboxed(picture, size=0)
    with pytest.raises(ValueError, match="picture must keep a pixel of each side"):
        letterboxed(torch.zeros(1, 1, 100), size=20)
