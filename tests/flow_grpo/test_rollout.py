"""The one random step, its loss, and that following the loss earns more; in the plane, whole runs of it."""

import pytest
import torch

from mmnotes.flow import euler, time_grid
from mmnotes.flow_grpo import (
    PlanePolicy,
    group_advantages,
    near_data,
    policy_loss,
    ring,
    rollout,
    score_scale,
    sde_step,
    to_the_right,
    tune_,
)


def velocity(x, t):
    return torch.sin(x) + t[:, None]


def rolled(at, a=1.0):
    random = torch.Generator().manual_seed(0)
    start, noise = torch.randn(2, 7, 3, generator=random, dtype=torch.float64)
    times = time_grid(steps=5, dtype=torch.float64)
    return start, noise, times, rollout(velocity, start, noise, times, at=at, a=a)


@pytest.mark.parametrize("at", [0, 2, 4])
def test_all_steps_but_one_are_those_of_the_ode(at):
    start, noise, times, step = rolled(at)
    torch.testing.assert_close(step.x, euler(velocity, start, times[: at + 1]))
    assert (step.now, step.then) == (times[at], times[at + 1])
    here = velocity(step.x, step.now.expand(7))
    torch.testing.assert_close(step.reached, sde_step(step.x, here, noise, step.now, step.then, sigma=step.sigma))
    torch.testing.assert_close(step.end, euler(velocity, step.reached, times[at + 1 :]))
    assert step.sigma * (step.now - step.then).sqrt() <= 0.45 + 1e-12


def test_without_noise_the_rollout_is_the_ode():
    start, _, times, step = rolled(2, a=0.0)
    torch.testing.assert_close(step.end, euler(velocity, start, times))


@pytest.mark.parametrize("at", [-1, 5])
def test_the_step_is_one_of_the_sampling(at):
    with pytest.raises(ValueError, match=f"at must be from 0 to 4, got {at}"):
        rolled(at)


@pytest.mark.parametrize("at", [0, 2, 4])
def test_the_gradient_of_the_loss_is_the_noise_times_the_advantage_at_every_time(at):
    _, noise, _, step = rolled(at)
    before = velocity(step.x, step.now.expand(7))
    now, worth = before.clone().requires_grad_(), torch.linspace(-1, 1, 7, dtype=torch.float64)
    policy_loss(now, before, step, worth, clip=0.2).backward()
    torch.testing.assert_close(now.grad, worth[:, None] * noise / 7)


def test_the_loss_counts_a_change_of_probability_by_the_steps_scale():
    _, noise, _, step = rolled(1)
    before = velocity(step.x, step.now.expand(7))
    scale = score_scale(step.now, step.then, sigma=step.sigma)
    small = 1e-6 * noise
    found = policy_loss(before - small, before, step, torch.ones(7, dtype=torch.float64), clip=0.2)
    wanted = -(1 / scale + 1e-6 * noise.square().sum(1).mean())
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=0)


def test_a_small_step_down_the_loss_raises_the_reward_of_the_same_noise():
    """The reward is where the random step ends; a sign slip anywhere on the way would lower it."""
    _, noise, _, step = rolled(1)
    before = velocity(step.x, step.now.expand(7))
    worth = group_advantages(step.reached.sum(1)[None])[0]
    now = before.clone().requires_grad_()
    policy_loss(now, before, step, worth, clip=0.2).backward()
    after = before - 0.1 * now.grad.mean(0)
    moved = sde_step(step.x, after, noise, step.now, step.then, sigma=step.sigma)
    assert moved.sum(1).mean() > step.reached.sum(1).mean()


def drawn_by(policy):
    start = torch.randn(256, 2, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        return euler(policy, start, time_grid(steps=8))


def tuned(rewards, *, kl=0.0, rounds=15, seed=0):
    torch.manual_seed(seed)
    policy = PlanePolicy(ring(count=8))
    tune_(policy, policy.exact, rewards, kl=kl, rounds=rounds, steps=8, seed=seed)
    return drawn_by(policy)


def test_the_policy_starts_as_the_exact_velocity():
    policy, (x, t) = PlanePolicy(ring(count=8)), (torch.randn(5, 2), torch.rand(5))
    assert torch.equal(policy(x, t), policy.exact(x, t))
    assert near_data(drawn_by(policy), ring(count=8)).mean() > -0.3


def test_tuning_earns_more_and_leaves_the_data_and_the_divergence_holds_it():
    centres = ring(count=8)
    before, free, held = (tuned([(1.0, to_the_right)], **given) for given in ({"rounds": 0}, {}, {"kl": 1.0}))
    earned = [to_the_right(x).mean().item() for x in (before, held, free)]
    assert earned[0] < earned[1] < earned[2] and earned[2] > 1
    assert near_data(free, centres).mean() < near_data(held, centres).mean() - 0.1


def test_a_second_reward_keeps_it_near_the_data():
    centres = ring(count=8)
    one = tuned([(1.0, to_the_right)], rounds=30)
    both = tuned([(0.25, to_the_right), (0.75, lambda x: near_data(x, centres))], rounds=30)
    assert near_data(both, centres).mean() > near_data(one, centres).mean() + 0.5


def test_the_ring():
    centres = ring(count=8)
    torch.testing.assert_close(centres.norm(dim=1), torch.full((8,), 2.0))
    torch.testing.assert_close(centres[0], torch.tensor([2.0, 0.0]))
    torch.testing.assert_close(near_data(centres + torch.tensor([0.0, 0.1]), centres), torch.full((8,), -0.1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ring(count=0), "count must be at least 1, got 0"),
        (lambda: tune_(PlanePolicy(ring(count=3)), velocity, [], kl=0.0, rounds=1, steps=1, seed=0), "steps .* got 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
