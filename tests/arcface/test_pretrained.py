"""The shipped networks: they load, are frozen, and give the stored numbers on identities that nobody learned."""

import pytest
import torch

from mmnotes.arcface import DrawingNet, scored_pairs, tar_at_far
from mmnotes.arcface.pretrained import KEPT, pretrained_net, untrained_net
from mmnotes.data import VENDORS, concepts, drawings
from mmnotes.layers.samples import stored_samples


def unseen():
    held_out = torch.tensor([concept.held_out for concept in concepts()])
    return torch.stack([drawings(vendor=vendor)[held_out] for vendor in VENDORS], 1)


@pytest.mark.parametrize("way", KEPT)
def test_what_was_stored_is_found_again(way):
    net, pixels, study = pretrained_net(way=way), unseen(), stored_samples("mmnotes.arcface", "study.npz")
    pairs = scored_pairs(net(pixels.flatten(0, 1)).unflatten(0, (200, 3)))
    for far in (0.1, 0.01):
        assert abs(tar_at_far(*pairs, far=far) - study["tar"].at(way=way, seed=0, far=far)) < 0.02
    counts = study["counts"].at(way=way, pairs="same")
    found = pairs.same.clamp(-1, 1).histc(len(counts), -1, 1)
    assert counts.sum() == 600 and (found.cumsum(0) - counts.cumsum(0)).abs().max() < 30


def test_random_weights_are_those_of_the_seed_and_leave_the_generator_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again, other = untrained_net(seed=1), untrained_net(seed=1), untrained_net(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    pixels = unseen()[:2, 0]
    assert torch.equal(first(pixels), again(pixels)) and not torch.equal(first(pixels), other(pixels))
    trained = pretrained_net(way="ArcFace")
    assert not trained.training and not any(each.requires_grad for each in trained.parameters())


def test_the_network_takes_each_drawing_for_itself_once_it_is_trained():
    torch.manual_seed(0)
    net = DrawingNet(dim=7)
    pixels = torch.rand(5, 3, 32, 32)
    assert net(pixels).shape == (5, 7)
    assert not torch.allclose(net(pixels)[:2], net(pixels[:2]), atol=1e-3), "a batch is normalised by itself"
    net.eval()
    torch.testing.assert_close(net(pixels)[:2], net(pixels[:2]))
