"""The cascade: the released code's numbers, the sliding window, shapes, and pictures without a face."""

import pytest
import torch

from mmnotes.face_verification import Detector
from mmnotes.face_verification.detector import cut_out, pyramid_scales, shifted, squared, whitened, window_boxes
from mmnotes.face_verification.pretrained import portraits, pretrained_detector
from mmnotes.face_verification.verification import detector
from tests.face_verification import golden
from tests.face_verification.cases import faces, waves


@pytest.mark.parametrize("name", golden.BOXES)
def test_boxes_and_landmarks_of_the_released_cascade(name):
    """Within a tenth of a pixel: half precision moves them by less, and a box that is off by one by ten times that."""
    found = faces()[name].steps.faces
    box = torch.tensor(golden.BOXES[name]) - torch.tensor([1.0, 1, 0, 0])
    torch.testing.assert_close(found.boxes, box[None], rtol=0, atol=0.1)
    torch.testing.assert_close(found.landmarks, torch.tensor(golden.LANDMARKS[name])[None], rtol=0, atol=0.1)
    assert found.scores.tolist() == pytest.approx([golden.SCORES[name]], abs=1e-4)


def test_numbers_of_the_released_nets():
    with torch.no_grad():
        scores, shifts = detector().pnet(waves(18))
        assert scores.flatten().tolist() == pytest.approx(golden.PNET_SCORES, rel=2e-2, abs=1e-5)
        assert shifts[0, :, 1, 2].tolist() == pytest.approx(golden.PNET_SHIFT, abs=2e-3)
        scores, shifts = detector().rnet(waves(24))
        assert (scores.item(), shifts[0].tolist()) == (pytest.approx(golden.RNET[0], rel=2e-2), near(golden.RNET[1]))
        scores, shifts, landmarks = detector().onet(waves(48))
        assert (scores.item(), shifts[0].tolist()) == (pytest.approx(golden.ONET[0], rel=2e-2), near(golden.ONET[1]))
        assert landmarks[0].T.flatten().tolist() == near(golden.ONET_LANDMARKS)


def near(numbers):
    return pytest.approx(numbers, abs=2e-3)


def test_a_net_that_slides_is_the_net_at_every_window():
    """P-Net on 18 x 22 pixels, and on each of its windows of 12 x 12, two pixels apart."""
    pixels = torch.cat([waves(18), waves(18)[..., :4]], 3)
    with torch.no_grad():
        scores, shifts = detector().pnet(pixels)
        assert scores.shape == (1, 4, 6)
        for row in range(4):
            for column in range(6):
                window = pixels[:, :, 2 * row : 2 * row + 12, 2 * column : 2 * column + 12]
                score, shift = detector().pnet(window)
                torch.testing.assert_close(score[0, 0, 0], scores[0, row, column])
                torch.testing.assert_close(shift[0, :, 0, 0], shifts[0, :, row, column])


def test_windows_in_the_picture():
    """At half the size, place (1, 2) of the answer saw the pixels from row 2 and column 4 of the smaller picture on."""
    box = window_boxes(torch.tensor([1]), torch.tensor([2]), scale=0.5)
    assert box.tolist() == [[9, 5, 32, 28]]
    assert window_boxes(torch.tensor([0]), torch.tensor([0]), scale=1.0).tolist() == [[0, 0, 12, 12]]


def test_scales_of_the_pyramid():
    scales = pyramid_scales(320, 240, smallest=20)
    assert scales[0] == 0.6 and scales[1] == pytest.approx(0.6 * 0.709)
    assert 240 * scales[-1] >= 12 > 240 * scales[-1] * 0.709
    assert pyramid_scales(19, 300, smallest=20) == []


def test_boxes_that_move_and_become_squares():
    boxes = torch.tensor([[10.0, 20, 30, 30]])
    assert shifted(boxes, torch.tensor([[0.1, -0.1, 0.5, 0.2]])).tolist() == [[12, 19, 40, 32]]
    assert squared(boxes).tolist() == [[10, 15, 30, 35]]


def test_what_is_cut_out_is_clipped_to_the_picture():
    picture = torch.arange(3 * 7 * 11.0).reshape(3, 7, 11)
    boxes = torch.tensor([[2.0, 1, 8, 7], [-3, -3, 3, 3], [11, 0, 17, 6]])
    kept, crops = cut_out(picture, boxes, size=6)
    assert torch.equal(kept, boxes[:2]) and torch.equal(crops[0], picture[:, 1:7, 2:8])
    assert torch.equal(crops[1, :, ::2, ::2], picture[:, :3, :3])
    assert cut_out(picture, boxes[2:], size=6)[1].shape == (0, 3, 6, 6)


def test_whitening():
    assert whitened(torch.tensor([0.0, 0.5, 1.0])).tolist() == pytest.approx([-0.99609375, 0, 0.99609375])


def test_the_detector_does_not_look_at_colours_alone():
    """With red and blue exchanged it still finds the face, elsewhere by less than a few pixels."""
    name = "hopper"
    found = detector()(portraits()[name].flip(0))
    assert len(found.boxes) == 1 and (found.landmarks - faces()[name].steps.faces.landmarks).norm(dim=2).max() < 12


def test_no_face_is_no_error():
    for picture in (torch.zeros(3, 40, 60), torch.zeros(3, 11, 60), torch.rand(3, 50, 50)):
        found = detector().steps(picture)
        assert [len(each) for each in found.faces] == [0, 0, 0] and found.faces.landmarks.shape == (0, 5, 2)


def test_several_faces_are_found():
    both = torch.cat([*portraits().values()], 2)
    assert len(detector()(both).boxes) == 2


def test_it_is_frozen_and_changes_nothing():
    assert not any(each.requires_grad for each in pretrained_detector().parameters())
    picture = portraits()["hopper"]
    before = picture.clone()
    detector()(picture)
    assert torch.equal(picture, before)


def test_bad_inputs():
    with pytest.raises(ValueError, match="picture must be from 0 to 1, got 0 to 255"):
        Detector()(torch.tensor([0.0, 255]).expand(3, 40, 2))
    with pytest.raises(ValueError, match="picture must be from 0 to 1"):
        Detector()(torch.full((3, 40, 40), torch.nan))
    with pytest.raises(ValueError, match="smallest must be 12 or more"):
        Detector()(torch.zeros(3, 40, 40), smallest=5)
    with pytest.raises(TypeError, match="picture"):
        Detector()(torch.zeros(3, 40, 40, dtype=torch.uint8))
    with pytest.raises(TypeError, match="picture"):
        Detector()(torch.zeros(1, 40, 40))
