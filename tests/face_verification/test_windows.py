"""Windows of a picture: their boxes, the sizes of a pyramid, what is cut out."""

import pytest
import torch

from mmnotes.face_verification.windows import (
    cut_out,
    pyramid_scales,
    resized,
    shifted,
    squared,
    whitened,
    window_boxes,
)


def test_windows_in_the_picture():
    """At half the size, place (1, 2) of the answer saw the pixels from row 2 and column 4 of the smaller picture on."""
    box = window_boxes(torch.tensor([1]), torch.tensor([2]), scale=0.5)
    assert box.tolist() == [[9, 5, 32, 28]]
    assert window_boxes(torch.tensor([0]), torch.tensor([0]), scale=1.0).tolist() == [[0, 0, 12, 12]]


def test_scales_of_the_pyramid():
    scales = pyramid_scales(side=240, smallest=20)
    assert scales[0] == 0.6 and scales[1] == pytest.approx(0.6 * 0.709)
    assert 240 * scales[-1] >= 12 > 240 * scales[-1] * 0.709
    assert pyramid_scales(side=19, smallest=20) == []


def test_boxes_that_move_and_become_squares():
    boxes = torch.tensor([[10.0, 20, 30, 30]])
    assert shifted(boxes, torch.tensor([[0.1, -0.1, 0.5, 0.2]])).tolist() == [[12, 19, 40, 32]]
    assert squared(boxes).tolist() == [[10, 15, 30, 35]]


def test_what_is_cut_out_is_clipped_to_the_picture():
    picture = torch.arange(3 * 7 * 11.0).reshape(3, 7, 11)
    boxes = torch.tensor(
        [[2.0, 1, 8, 7], [-3, -3, 3, 3], [11, 0, 17, 6], [-9, -9, -3, -3], [-9, 1, -3, 5], [1, -9, 5, -3]]
    )
    kept, crops = cut_out(picture, boxes, size=6)
    assert torch.equal(kept, boxes[:2]) and torch.equal(crops[0], picture[:, 1:7, 2:8])
    assert torch.equal(crops[1, :, ::2, ::2], picture[:, :3, :3])
    assert cut_out(picture, boxes[2:], size=6)[1].shape == (0, 3, 6, 6)


def test_whitening():
    assert whitened(torch.tensor([0.0, 0.5, 1.0])).tolist() == pytest.approx([-0.99609375, 0, 0.99609375])


def test_a_smaller_picture_is_of_means():
    picture = torch.arange(3 * 8 * 8.0).reshape(3, 8, 8)
    found = resized(picture, scale=0.4)
    assert found.shape == (3, 4, 4)
    torch.testing.assert_close(found[:, 0, 0], picture[:, :2, :2].mean((1, 2)))
