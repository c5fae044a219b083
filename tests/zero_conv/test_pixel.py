"""One pixel's descent: the slopes against autograd, who sleeps, and how the sleepers grow."""

import pytest
import torch

from mmnotes.zero_conv import pixel_descent

INPUTS = dict(x=0.5, hint=1.0, target=0.3)
CONTROLNETS = torch.tensor([0.0, 1.2, 0.0, 0.8], dtype=torch.float64)


def awake(start, steps=4, **changed):
    _, slopes, _ = pixel_descent(torch.tensor(start).double(), **INPUTS | changed, rate=0.1, steps=steps)
    return (slopes != 0).int().tolist()


@pytest.mark.parametrize("seed", range(5))
def test_slopes_are_autograds_and_weights_follow_them(seed):
    start = torch.randn(4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    given = dict(x=-0.7, hint=0.9, target=0.4)
    weights, slopes, output = pixel_descent(start, **given, rate=0.03, steps=5)
    assert weights.shape == slopes.shape == (6, 4) and output.shape == (6,)
    expected = start.clone()
    for step in range(6):
        free = expected.clone().requires_grad_()
        tap, copy, last, first = free
        made = tap * (copy * (given["x"] + last * (first * given["hint"])))
        (slope,) = torch.autograd.grad((made - given["target"]).square() / 2, free)
        assert torch.allclose(weights[step], expected, atol=1e-12)
        assert torch.allclose(slopes[step], slope, atol=1e-12)
        assert torch.isclose(output[step], made, atol=1e-12)
        expected = expected - 0.03 * slope


def test_who_wakes_when():
    one, two, every = [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]
    assert awake([0, 1.2, 0, 0.8]) == [one, two, every, every, every]
    assert awake([0.6, 1.2, 0, 0.8])[:2] == [two, every]  # the tap is open
    assert awake([0, 1.2, 0.7, 0.8])[:2] == [one, every]  # the hint is not closed
    assert awake([0.6, 1.2, 0.7, 0.8])[0] == every


def test_what_never_wakes():
    asleep = [[0, 0, 0, 0]] * 5
    assert awake([0, 0, 0, 0.8]) == asleep  # zero times zero
    assert awake([0, 1.2, 0, 0.8], x=0.0) == asleep
    assert awake([0, 1.2, 0, 0.8], hint=0.0) == [[1, 0, 0, 0]] + [[1, 1, 0, 0]] * 4


def test_slopes_grow_as_the_chapter_says_while_steps_are_small():
    slopes = pixel_descent(CONTROLNETS, **INPUTS, rate=1e-4, steps=4)[1]
    assert torch.allclose(slopes[2:, 1] / slopes[1, 1], torch.tensor([2.0, 3, 4]).double(), rtol=1e-2)
    assert torch.allclose(slopes[3:, 3] / slopes[2, 3], torch.tensor([4.5, 12]).double(), rtol=1e-2)


def test_the_start_stays_as_it_is_and_no_step_is_one_row():
    start = CONTROLNETS.clone()
    weights, slopes, output = pixel_descent(start, **INPUTS, rate=0.5, steps=0)
    assert torch.equal(start, CONTROLNETS) and torch.equal(weights, CONTROLNETS[None])
    assert slopes.shape == (1, 4) and output.tolist() == [0]


def test_bad_inputs():
    with pytest.raises(ValueError, match="steps must not be negative, got -1"):
        pixel_descent(CONTROLNETS, **INPUTS, rate=0.1, steps=-1)
    with pytest.raises(ValueError, match="rate must be positive, got 0"):
        pixel_descent(CONTROLNETS, **INPUTS, rate=0, steps=1)
    with pytest.raises(TypeError, match="start"):
        pixel_descent(CONTROLNETS[:3], **INPUTS, rate=0.1, steps=1)
