"""What the chapter holds the generator's numbers against, as stored and as measured again."""

import pytest
import torch

from mmnotes.layers.samples import stored_samples
from mmnotes.models.generator import pretrained_unet
from tools.flow.yardsticks import losses, moved, without_nearest_vendor


@pytest.fixture(scope="module")
def stored():
    return stored_samples("mmnotes.flow", "yardsticks.npz")


@pytest.mark.remeasured
def test_losses_are_what_the_script_measures(stored):
    torch.testing.assert_close(
        torch.tensor(losses(pretrained_unet(), 0.9)), stored["losses"].at(t=0.9), rtol=0.02, atol=1e-3
    )


def test_least_loss_of_points_is_below_what_the_network_reaches_and_falls_to_zero_at_the_data(stored):
    table = stored["losses"]
    assert (table.at(of="least, text") <= table.at(of="least, no text") + 1e-6).all()
    assert (table.at(of="least, text") <= table.at(of="learned")).all()
    assert table.at(t=0.02, of="least, no text") < 1e-3


def test_a_picture_is_moved_to_the_nine_places_of_training():
    picture = torch.ones(1, 3, 5, 5)
    picture[0, :, 1, 2] = 0
    places = moved(picture)[:, 0, 0]
    assert places.shape == (9, 5, 5)
    assert {tuple((place == 0).nonzero()[0].tolist()) for place in places} == {
        (row, column) for row in (0, 1, 2) for column in (1, 2, 3)
    }


def test_the_vendor_whom_a_sample_resembles_most_is_left_out():
    real = torch.zeros(2, 2, 3, 1, 1)
    real[1] = 1
    drawn = torch.tensor([0.1, 0.9]).view(2, 1, 1, 1).expand(2, 3, 1, 1)  # the first is like vendor 0, the other like 1
    known = torch.eye(4)[:, :3]  # vendor by vendor: concepts 0, 1, 0, 1
    seen = torch.tensor([[1.0, 0.2, 0.9], [0.1, 0.9, 0.0]])
    found = without_nearest_vendor(drawn, real, seen, known)
    assert found.tolist() == [True, True]
    assert without_nearest_vendor(1 - drawn, real, seen, known).tolist() == [True, False]
