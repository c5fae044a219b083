"""Guidance that is steered in one half: its limits, and the weights by resolution."""

import pytest
import torch

from mmnotes.flow import guided_by
from mmnotes.zero_conv import controlled, guided_in_one_half, resolution_weights
from tests.zero_conv.test_branch import awake, branch_of, given, ones, tiny


@pytest.fixture(scope="module")
def networks():
    unet = tiny()
    branch = awake(branch_of(unet))
    x, t, text, hint = given()
    return unet, controlled(unet, branch, hint, scales=ones(branch)), (x, t, text)


def test_at_strength_one_it_is_the_steered_network(networks):
    unet, steered, (x, t, text) = networks
    found = guided_in_one_half(steered, unet, text, unet.nothing, scale=1.0)(x, t)
    torch.testing.assert_close(found, steered(x, t, text))
    torch.testing.assert_close(found, guided_by(steered, text, unet.nothing, scale=1.0)(x, t))


def test_the_unconditional_half_is_the_frozen_network_without_text(networks):
    unet, steered, (x, t, text) = networks
    found = guided_in_one_half(steered, unet, text, unet.nothing, scale=0.0)(x, t)
    torch.testing.assert_close(found, unet(x, t, unet.nothing.expand_as(text)))


def test_without_text_guidance_does_nothing_in_both_halves_and_something_in_one(networks):
    unet, steered, (x, t, text) = networks
    empty = unet.nothing.expand_as(text)
    both = [guided_by(steered, empty, unet.nothing, scale=scale)(x, t) for scale in (1.0, 4.0)]
    torch.testing.assert_close(*both)
    one = [guided_in_one_half(steered, unet, empty, unet.nothing, scale=scale)(x, t) for scale in (1.0, 4.0)]
    torch.testing.assert_close(one[0], both[0])
    assert (one[1] - one[0]).abs().max() > 0.01


def test_the_papers_weights_and_the_same_from_the_other_end():
    assert resolution_weights([64, 32, 16, 8], page=64) == [1, 2, 4, 8]
    assert resolution_weights([64, 32, 16, 8], page=8) == [1 / 8, 1 / 4, 1 / 2, 1]
    with pytest.raises(ValueError, match="rows must be positive, got 0"):
        resolution_weights([4, 0], page=4)
