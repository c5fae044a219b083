"""The cascade: the released code's numbers, and pictures without a face."""

import pytest
import torch

from mmnotes.face_verification import Detector
from mmnotes.face_verification.pretrained import portraits, pretrained_detector
from mmnotes.face_verification.verification import detector
from tests.face_verification import golden
from tests.face_verification.cases import faces


@pytest.mark.parametrize("name", golden.BOXES)
def test_boxes_and_landmarks_of_the_released_cascade(name):
    """Within a tenth of a pixel: half precision moves them by less, and a box that is off by one by ten times that."""
    found = faces()[name].steps.faces
    box = torch.tensor(golden.BOXES[name]) - torch.tensor([1.0, 1, 0, 0])
    torch.testing.assert_close(found.boxes, box[None], rtol=0, atol=0.1)
    torch.testing.assert_close(found.landmarks, torch.tensor(golden.LANDMARKS[name])[None], rtol=0, atol=0.1)
    assert found.scores.tolist() == pytest.approx([golden.SCORES[name]], abs=1e-4)


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


class Sure(torch.nn.Module):
    """In place of a net: it takes every candidate for a face, the first most, and moves nothing."""

    def forward(self, crops):
        count = len(crops)
        return torch.linspace(0.99, 0.9, count), torch.zeros(count, 4), torch.full((count, 5, 2), 0.5)


class SureOfBoxes(Sure):
    """The same without landmarks."""

    def forward(self, crops):
        return super().forward(crops)[:2]


def test_a_face_in_a_face_survives_the_second_step_and_not_the_last():
    """Their union is four times the smaller, which lies within the larger."""
    cascade, nested = Detector(), torch.tensor([[10.0, 10, 50, 50], [20, 20, 40, 40]])
    cascade.onet = Sure()
    cascade.rnet = SureOfBoxes()
    picture = torch.rand(3, 60, 60)
    assert torch.equal(cascade._refined(picture, nested), nested)
    found = cascade._found(picture, nested)
    assert torch.equal(found.boxes, nested[:1])
    assert torch.equal(found.landmarks, torch.full((1, 5, 2), 30.0)), "the middle of the box"
