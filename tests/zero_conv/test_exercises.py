"""What the exercises ask for holds by automatic differentiation and by the chapter's own modules."""

import inspect

import pytest
import torch
from torch.nn.functional import conv1d

from mmnotes.page import check
from mmnotes.page.exercises import exercise_of
from mmnotes.zero_conv import guided_in_one_half, resolution_weights
from mmnotes.zero_conv.guessing import SteeredNetwork
from mmnotes.zero_conv.wrapping import _wrapped


def test_the_gradient_of_a_tap():
    def gradient(delta, features):
        weight = torch.zeros(delta.shape[1], features.shape[1], 1, requires_grad=True)
        return torch.autograd.grad((conv1d(features, weight) * delta).sum(), weight)[0][..., 0]

    assert check("zero_conv-3", gradient).right is True


def wrapped(values, **changed):
    """The solution's output, with some of its arguments in place of those."""
    names = inspect.signature(_wrapped).parameters
    return _wrapped(**(dict(zip(names, values, strict=True)) | changed))


def test_the_network_to_guide_is_plain_without_a_hint():
    network, x = SteeredNetwork(0.3), torch.ones(2, 3)
    assert torch.equal(network(x, x, None, [1.0]), network(x, x, torch.ones(2, 3), [0.0]))
    assert not torch.equal(network(x, x, None, [1.0]), network(x, x, torch.ones(2, 3), [1.0]))


def test_the_wrapped_network_starts_as_the_frozen_one_and_its_first_update_is_blind():
    values = exercise_of("zero_conv-4").inputs[0]
    hint, closed, open_ = values[1], torch.zeros(2, 4), torch.zeros(4, 4)
    plain = wrapped(values, z_skip=open_, z_middle=open_)
    assert torch.equal(plain, wrapped(values, z_skip=open_, z_middle=open_, hint=-hint))

    def slopes(hint):
        taps = [torch.zeros(4, 4, requires_grad=True) for _ in range(2)]
        loss = wrapped(values, hint=hint, z_hint=closed, z_skip=taps[0], z_middle=taps[1]).square().sum()
        return torch.autograd.grad(loss, taps)

    assert all(torch.equal(*pair) for pair in zip(slopes(hint), slopes(-hint), strict=True))
    assert all(slope.abs().max() > 0 for slope in slopes(hint))


@pytest.mark.parametrize("place", range(3))
def test_guess_mode_is_what_the_package_does(place):
    network, x, text, nothing, hint, strength, rows = exercise_of("zero_conv-5").inputs[place]
    weights = resolution_weights(rows, page=min(rows))

    def steered(x, t, text):
        return network(x, text, hint, weights)

    velocity = guided_in_one_half(
        steered, lambda x, t, text: network(x, text, None, weights), text, nothing[0], scale=strength
    )
    found = velocity(x, torch.zeros(2))
    torch.testing.assert_close(exercise_of("zero_conv-5").solution(*exercise_of("zero_conv-5").inputs[place]), found)


def test_an_answer_written_with_lists_or_in_half_a_line_is_right():
    def guess(network, x, text, nothing, hint, strength, rows):
        low = min(rows)
        for place, each in enumerate(rows):
            rows[place] = low / each  # the reader may change the list
        return (1 - strength) * network(x, nothing, None, rows) + strength * network(x, text, hint, rows)

    assert check("zero_conv-5", guess).right is True
