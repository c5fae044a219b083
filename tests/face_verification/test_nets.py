"""The three networks of the cascade: numbers of the released ones, and a network that slides."""

import pytest
import torch

from mmnotes.face_verification.nets import ONet, PNet, RNet
from mmnotes.face_verification.verification import detector
from tests.face_verification import golden
from tests.face_verification.cases import waves


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


def test_shapes_and_bad_inputs():
    assert [tuple(each.shape) for each in PNet()(torch.zeros(2, 3, 12, 16))] == [(2, 1, 3), (2, 4, 1, 3)]
    assert [tuple(each.shape) for each in RNet()(torch.zeros(2, 3, 24, 24))] == [(2,), (2, 4)]
    assert [tuple(each.shape) for each in ONet()(torch.zeros(0, 3, 48, 48))] == [(0,), (0, 4), (0, 5, 2)]
    for net in (PNet(), RNet(), ONet()):
        with pytest.raises(TypeError, match="pixels"):
            net(torch.zeros(2, 1, 24, 24))
