"""Residuals in the encoder's stream: where they arrive, and where they do not differ from those in the skips."""

import pytest
import torch
from torch import nn

from mmnotes.layers.unet import UNet
from mmnotes.zero_conv import ControlBranch, controlled, streamed
from tests.zero_conv.test_branch import awake, branch_of, given, ones, tiny


def hooked(unet: UNet, branch: ControlBranch, hint: torch.Tensor, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The same by hooks on the encoder's parts."""
    encoder = unet.encoder
    sites: list[nn.Module] = [encoder.first]
    for level, stages in enumerate(encoder.levels):
        sites += [*stages, *encoder.halvings[level : level + 1]]
    residuals = branch(*unet.inputs(*inputs), branch.hint(hint))
    hooks = [
        site.register_forward_hook(lambda _, __, given, more=more: given + more)
        for site, more in zip([*sites, unet.middle], residuals, strict=True)
    ]
    found = unet(*inputs)
    for hook in hooks:
        hook.remove()
    return found


@pytest.fixture
def parts():
    unet = tiny()
    *inputs, hint = given()
    return unet, awake(branch_of(unet)), hint, tuple(inputs)


def test_each_residual_is_read_by_the_next_block(parts):
    unet, branch, hint, inputs = parts
    found = streamed(unet, branch, hint, scales=ones(branch))(*inputs)
    torch.testing.assert_close(found, hooked(unet, branch, hint, inputs))
    assert (found - controlled(unet, branch, hint, scales=ones(branch))(*inputs)).abs().max() > 0.01


def test_the_middle_alone_is_the_same_in_both_places(parts):
    unet, branch, hint, inputs = parts
    scales = [0.0] * (len(branch.taps) - 1) + [0.7]
    pair = (way(unet, branch, hint, scales=scales)(*inputs) for way in (streamed, controlled))
    torch.testing.assert_close(*pair)


def test_it_starts_as_the_frozen_network_and_its_slopes_pass_the_encoder(parts):
    unet, _, hint, inputs = parts
    fresh = branch_of(unet)
    network = streamed(unet, fresh, hint, scales=ones(fresh))
    assert torch.equal(network(*inputs), unet(*inputs))
    awake(fresh)
    network(*inputs).square().sum().backward()
    assert all(tap.weight.grad.abs().max() > 0 for tap in fresh.taps)


def test_bad_inputs_are_named(parts):
    unet, branch, hint, inputs = parts
    with pytest.raises(ValueError, match="scales must be 7, one for each residual, got 1"):
        streamed(unet, branch, hint, scales=[1.0])
    with pytest.raises(ValueError, match="hint must be at least one picture, got 0"):
        streamed(unet, branch, hint[:0], scales=ones(branch))
    with pytest.raises(ValueError, match="hint must be 24 x 40"):
        streamed(unet, branch, hint[..., :8, :8], scales=ones(branch))(*inputs)
