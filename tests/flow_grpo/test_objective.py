"""Advantages, clipping and the divergence: by loops, by their limits, and by the released code."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.flow_grpo import (
    clipped_objective,
    group_advantages,
    largest_std_advantages,
    score_scale,
    sde_mean,
    sde_sigma,
    step_divergence,
)

REWARDS = torch.tensor([[1.0, 2.0, 4.0], [1.0, 0.0, 3.0], [7.0, 7.001, 7.002]], dtype=torch.float64)


@pytest.mark.parametrize("of", [group_advantages, largest_std_advantages])
def test_advantages_are_centred_and_know_no_offset(of):
    """Not centred, every sample of a group with high rewards would be pulled towards, and the last test here fails."""
    found = of(REWARDS)
    torch.testing.assert_close(found.sum(1), torch.zeros(3, dtype=torch.float64))
    torch.testing.assert_close(of(REWARDS + 100), found)
    torch.testing.assert_close(of(3 * REWARDS), found)


def test_as_loops():
    for row, found in zip(REWARDS.tolist(), group_advantages(REWARDS).tolist(), strict=True):
        mean = sum(row) / 3
        std = (sum((each - mean) ** 2 for each in row) / 3) ** 0.5
        assert all(abs(a - (r - mean) / std) < 1e-9 for a, r in zip(found, row, strict=True))


def test_the_released_tracker():
    """yifan123/flow_grpo ac4c86e, flow_grpo/stat_tracking.py, PerPromptStatTracker(False), which adds 1e-4 to a std."""
    wanted = torch.tensor([[-1.06895926, -0.26723982, 1.33619908], [-0.26723982, -1.06895926, 1.33619908]])
    torch.testing.assert_close(group_advantages(REWARDS[:2]).float(), wanted, rtol=2e-4, atol=0)


def test_a_group_that_hardly_differs_counts_little_by_the_largest_deviation():
    own, largest = group_advantages(REWARDS), largest_std_advantages(REWARDS)
    assert own[2].abs().max() > 1 and largest[2].abs().max() < 0.01
    torch.testing.assert_close(own[0], largest[0])


def test_without_differences_nothing_is_learned():
    same = torch.full((2, 3), 5.0)
    assert not group_advantages(same).any() and not largest_std_advantages(same).any()


def test_a_ratio_that_went_the_right_way_far_enough_has_no_gradient():
    log_ratio = torch.tensor([0.5, 0.5, -0.5, -0.5, 0.1], requires_grad=True)
    worth = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])
    found = clipped_objective(log_ratio, worth, clip=0.2)
    ratio = log_ratio.detach().exp()
    wanted = torch.stack([1.2 + 0 * ratio[0], -ratio[1], ratio[2], -0.8 + 0 * ratio[3], ratio[4]])
    torch.testing.assert_close(found.detach(), wanted)
    found.sum().backward()
    assert (log_ratio.grad != 0).tolist() == [False, True, True, False, True]


@given(st.floats(-2, 2), st.floats(-3, 3), st.floats(0.01, 0.9))
def test_clipping_never_promises_more(difference, worth, clip):
    log_ratio, advantage = (torch.tensor([each], dtype=torch.float64) for each in (difference, worth))
    assert clipped_objective(log_ratio, advantage, clip=clip) <= log_ratio.exp() * advantage + 1e-12


def test_at_ratio_one_the_gradient_is_the_advantage():
    log_ratio, worth = torch.zeros(4, requires_grad=True), torch.tensor([0.3, -2.0, 0.0, 1.0])
    clipped_objective(log_ratio, worth, clip=0.2).sum().backward()
    torch.testing.assert_close(log_ratio.grad, worth)


def gaussians():
    random = torch.Generator().manual_seed(0)
    x, v, other = torch.randn(3, 2, 5, generator=random, dtype=torch.float64)
    now, then = (torch.tensor(each, dtype=torch.float64) for each in (0.7, 0.6))
    return x, v, other, now, then, sde_sigma(now, then, a=1.0)


def test_the_divergence_is_that_of_the_two_gaussians_of_torch():
    x, v, other, now, then, sigma = gaussians()
    std = sigma * (now - then).sqrt()
    policies = [
        torch.distributions.Normal(sde_mean(x, each, now, then, sigma=sigma), std.expand(5)) for each in (v, other)
    ]
    wanted = torch.distributions.kl_divergence(*policies).sum(1)
    scale = score_scale(now, then, sigma=sigma)
    torch.testing.assert_close(step_divergence(v, other, scale=scale), wanted, rtol=1e-12, atol=1e-12)


def test_the_divergence_has_nine_quarters_in_its_gradient():
    _, v, other, now, then, sigma = gaussians()
    v.requires_grad_()
    step_divergence(v, other, scale=score_scale(now, then, sigma=sigma)).sum().backward()
    factor = 9 / 4 * 0.1 * (1 - now) / now
    torch.testing.assert_close(v.grad, factor * (v - other).detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_advantages(torch.ones(3, 1)), "rewards must have at least 2 in a group, got 1"),
        (lambda: largest_std_advantages(torch.ones(3, 1)), "rewards must have at least 2 in a group, got 1"),
        (lambda: clipped_objective(torch.ones(3), torch.ones(3), clip=0.0), "clip must be positive and finite, got 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
