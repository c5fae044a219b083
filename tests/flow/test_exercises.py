"""The exercises that build the mechanism accept another way to write it, and name what is off."""

from itertools import pairwise

import torch

from mmnotes.page import check


def sampled(network, noise, text, nothing, scale, steps, shift, *, follow=lambda x, step, v: x + step * v):
    times = [shift * t / (1 + (shift - 1) * t) for t in (1 - n / steps for n in range(steps + 1))]
    x = noise
    for now, then in pairwise(times):
        t = torch.full((len(x),), now)
        told, free = (network(x, t, words) for words in (text, nothing.repeat(len(x), 1)))
        x = follow(x, then - now, scale * told + (1 - scale) * free)
    return x


def test_a_sampler_in_loops():
    assert check("flow-5", wrapped(sampled)).right is True


def test_a_step_in_the_wrong_direction():
    def against(*given):
        return sampled(*given, follow=lambda x, step, v: x - step * v)

    assert "negative" in check("flow-5", wrapped(against)).message


def test_a_loss_by_the_square_of_each_sample():
    def loss(network, data, noise, t, text, keep, nothing):
        losses = []
        for b in range(len(data)):
            x = (1 - t[b]) * data[b] + t[b] * noise[b]
            words = text[b] if keep[b] else nothing
            found = network(x[None], t[b : b + 1], words[None])[0]
            losses.append((found - noise[b] + data[b]).square().mean())
        return sum(losses) / len(losses)

    assert check("flow-4", loss).right is True


def wrapped(function):
    """With the names that the exercise passes."""
    return lambda network, noise, text, nothing, scale, steps, shift: function(
        network, noise, text, nothing, scale, steps, shift
    )
