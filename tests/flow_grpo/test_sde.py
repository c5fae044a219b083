"""The step of the SDE: its marginals, its signs, its density and the gradient of that, and the released code."""

import math
from itertools import pairwise

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.flow import euler, time_grid
from mmnotes.flow_grpo import clipped_sigma, log_probability, score_scale, sde_mean, sde_sigma, sde_step


def one(value):
    return torch.tensor(value, dtype=torch.float64)


def gaussian_velocity(x, t, *, spread, centre):
    """The exact velocity where the data are one Gaussian."""
    variance = (1 - t) ** 2 * spread**2 + t**2
    return (t - (1 - t) * spread**2) / variance * (x - (1 - t) * centre) - centre


def through_the_sde(*, a, steps, count, spread=0.5, centre=1.0, flip=1.0):
    """Samples of the whole way, with a noise at every step, and the sign of the correction as given."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(count, 1, generator=random, dtype=torch.float64)
    times = time_grid(steps=steps, dtype=torch.float64)
    for now, then in pairwise(times):
        velocity = gaussian_velocity(x, now, spread=spread, centre=centre)
        sigma = sde_sigma(now, then, a=a)
        plain = x - (now - then) * velocity
        mean = plain + flip * (sde_mean(x, velocity, now, then, sigma=sigma) - plain)
        x = mean + sigma * (now - then).sqrt() * torch.randn(x.shape, generator=random, dtype=torch.float64)
    return x


@pytest.mark.parametrize("a", [0.0, 0.7, 1.0])
def test_every_amount_of_noise_has_the_same_marginal(a):
    """One Gaussian of standard deviation 0.5 around 1; with the correction's sign turned it is another one."""
    x = through_the_sde(a=a, steps=200, count=8_000)
    assert abs(x.mean() - 1) < 0.03 and abs(x.std() - 0.5) < 0.025


@pytest.mark.parametrize("flip", [-1.0, 0.0])
def test_with_a_sign_slip_or_without_the_correction_the_marginal_is_another(flip):
    x = through_the_sde(a=0.7, steps=200, count=8_000, flip=flip)
    assert x.std() > 1


def test_the_mean_as_loops():
    random = torch.Generator().manual_seed(0)
    x, v = torch.randn(2, 2, 3, 5, generator=random, dtype=torch.float64)
    now, then, sigma = one(0.6), one(0.45), one(0.8)
    found = sde_mean(x, v, now, then, sigma=sigma)
    for i in range(2):
        for j in range(3):
            for k in range(5):
                noise = x[i, j, k] + (1 - 0.6) * v[i, j, k]
                wanted = x[i, j, k] - 0.15 * (v[i, j, k] + 0.8**2 / (2 * 0.6) * noise)
                assert abs(found[i, j, k] - wanted) < 1e-12


def test_the_bracket_is_minus_half_sigma_squared_times_the_score():
    """On a Gaussian, whose score is known without a network."""
    x, now, then, sigma = one([[0.3], [-2.0]]), one(0.6), one(0.5), one(1.3)
    velocity = gaussian_velocity(x, now, spread=0.5, centre=1.0)
    score = -(x - 0.4) / (0.4**2 * 0.25 + 0.36)
    drift = velocity - sigma**2 / 2 * score
    torch.testing.assert_close(sde_mean(x, velocity, now, then, sigma=sigma), x - 0.1 * drift)


@given(st.floats(0.05, 1.0), st.floats(0.01, 0.99))
def test_without_noise_it_is_eulers_step(now, share):
    x, v = torch.arange(6.0).reshape(2, 3).double(), torch.ones(2, 3).double()
    times = one([now, now * share])
    step = sde_step(x, v, torch.randn_like(x), times[0], times[1], sigma=sde_sigma(times[0], times[1], a=0.0))
    torch.testing.assert_close(step, euler(lambda x, t: v, x, times))


def test_both_conventions_lead_to_the_same_place():
    """Towards the data, with Δt negative, as LongCat-Video's appendix may be read; and as here."""
    x, v = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    now, then, sigma, u, dt = one(0.7), one(0.6), one(0.9), -v, -0.1
    other = x + dt * (-u + sigma**2 / (2 * now) * (x - (1 - now) * u))
    torch.testing.assert_close(sde_mean(x, v, now, then, sigma=sigma), other)


def test_at_the_start_the_end_of_the_step_stands_in():
    assert abs(sde_sigma(one(1.0), one(0.9), a=0.7) - 0.7 * math.sqrt(1 / 0.1)) < 1e-12
    assert abs(sde_sigma(one(0.8), one(0.7), a=0.7) - 0.7 * 2) < 1e-12


def test_the_limit_bounds_the_noise_of_the_step_and_leaves_less_alone():
    now, then = one(0.9), one(0.8)
    limited = clipped_sigma(one(3.0), now, then)
    assert abs(limited * math.sqrt(0.1) - 0.45) < 1e-12
    assert clipped_sigma(one(1.0), now, then) == 1.0


# yifan123/flow_grpo ac4c86e, flow_grpo/diffusers_patch/sd3_sde_with_logprob.py, sde_step_with_logprob, with the
# scheduler's five steps at shift 3; x = cos(1.3 n + .2), v = sin(.7 n² + .1), noise cos(2.1 n² - .4), n = 0 ... 23.
RELEASED = {
    (0, 0.7): (2.217579364776611, (0.730002880, -0.764760911, 0.220548257), (-0.775645435, -0.830310762)),
    (0, 1.0): (3.167970657348633, (0.480085820, -0.511743367, 0.156257704), (-1.132320285, -1.186985612)),
    (2, 0.7): (1.216071128845215, (0.709825516, -0.798317671, 0.284160912), (-0.631056666, -0.685722053)),
    (2, 1.0): (1.737244486808777, (0.454337537, -0.555981398, 0.239238679), (-0.987731636, -1.042396784)),
    (3, 0.7): (0.704191565513611, (0.679972053, -0.847068429, 0.377134323), (-0.429062843, -0.483728081)),
    (3, 1.0): (1.005988001823425, (0.418965220, -0.615320385, 0.351408124), (-0.785737813, -0.840403259)),
}


@pytest.mark.parametrize(("at", "a"), RELEASED)
def test_the_released_step(at, a):
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(5)
    now, then = scheduler.sigmas[at], scheduler.sigmas[at + 1]
    n = torch.arange(24.0).reshape(2, 3, 2, 2)
    x, v, noise = (1.3 * n + 0.2).cos(), (0.7 * n * n + 0.1).sin(), (2.1 * n * n - 0.4).cos()
    sigma, places, logs = RELEASED[at, a]
    ours = sde_sigma(now, then, a=a)
    mean = sde_mean(x, v, now, then, sigma=ours)
    torch.testing.assert_close(ours, torch.tensor(sigma), rtol=1e-6, atol=0)
    torch.testing.assert_close(mean.flatten()[[0, 7, 23]], torch.tensor(places), rtol=1e-5, atol=1e-6)
    reached = sde_step(x, v, noise, now, then, sigma=ours)
    found = log_probability(reached, mean, std=ours * (now - then).sqrt())
    torch.testing.assert_close(found / 12, torch.tensor(logs), rtol=1e-4, atol=1e-5)


def test_diffusers_shifts_its_smallest_time_twice():
    """The last step of its own grid begins at 0.126 for a shift of 12, not at 0.0119; given times are shifted once."""
    scheduler = FlowMatchEulerDiscreteScheduler(shift=12.0)
    scheduler.set_timesteps(16)
    once = 12 * 0.001 / (1 + 11 * 0.001)
    assert abs(scheduler.sigmas[-2] - 12 * once / (1 + 11 * once)) < 1e-6 and abs(scheduler.sigmas[-2] - 0.126) < 1e-3
    scheduler.set_timesteps(sigmas=torch.linspace(1, 0.001, 16).tolist())
    assert abs(scheduler.sigmas[-2] - once) < 1e-6 and abs(once - 0.0119) < 1e-4


@pytest.mark.parametrize("a", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("now", [0.2, 0.55, 0.9])
def test_the_gradient_of_the_log_probability(a, now):
    """Autograd against the closed form: -s times the noise, and at a = 1 the 3/2."""
    random = torch.Generator().manual_seed(0)
    x, v, noise = torch.randn(3, 2, 5, generator=random, dtype=torch.float64)
    now, then = one(now), one(now - 0.1)
    sigma, v = sde_sigma(now, then, a=a), v.requires_grad_()
    std = sigma * (now - then).sqrt()
    reached = sde_step(x, v, noise, now, then, sigma=sigma).detach()
    total = log_probability(reached, sde_mean(x, v, now, then, sigma=sigma), std=std).sum()
    (found,) = torch.autograd.grad(total, v)
    scale = score_scale(now, then, sigma=sigma)
    torch.testing.assert_close(found, -scale * noise, rtol=1e-12, atol=1e-12)
    closed = (1 + a * a / 2) / a * (0.1 * (1 - now) / now).sqrt()
    torch.testing.assert_close(scale, closed, rtol=1e-12, atol=1e-12)
    assert a != 1 or abs(closed / (0.1 * (1 - now) / now).sqrt() - 1.5) < 1e-12


def test_the_factor_is_least_at_the_root_of_two():
    factors = [(1 + a * a / 2) / a for a in (1.0, 2**0.5, 2.0)]
    assert factors[0] == factors[2] == 1.5 and abs(factors[1] - 2**0.5) < 1e-12


def test_the_density_is_the_gaussian_of_torch():
    random = torch.Generator().manual_seed(0)
    reached, mean = torch.randn(2, 3, 5, 7, generator=random, dtype=torch.float64)
    wanted = torch.distributions.Normal(mean, 0.3).log_prob(reached).sum((1, 2))
    torch.testing.assert_close(log_probability(reached, mean, std=one(0.3)), wanted)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single(dtype):
    x, v = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    now, then = torch.tensor(0.6), torch.tensor(0.5)
    half, sigma = [each.to(dtype) for each in (x, v)], sde_sigma(now, then, a=1.0)
    found = sde_mean(*half, now, then, sigma=sigma)
    assert found.dtype == dtype
    wanted = sde_mean(*[each.float() for each in half], now, then, sigma=sigma)
    torch.testing.assert_close(found, wanted.to(dtype))
    assert log_probability(*half, std=torch.tensor(0.3)).dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sde_sigma(one(0.5), one(0.6), a=1.0), r"now and then must be 0 <= then < now <= 1, got 0.5 and 0.6"),
        (lambda: sde_sigma(one(1.2), one(0.6), a=1.0), "got 1.2 and 0.6"),
        (lambda: sde_sigma(one(0.5), one(0.4), a=-1.0), "a must be at least 0 and finite, got -1.0"),
        (lambda: clipped_sigma(one(1.0), one(0.5), one(0.4), most=0.0), "most must be positive and finite, got 0.0"),
        (lambda: score_scale(one(0.5), one(0.4), sigma=one(0.0)), "sigma must be positive and finite, got 0.0"),
        (lambda: log_probability(one([[0.5]]), one([[0.4]]), std=one(0.0)), "std must be positive and finite, got 0.0"),
        (lambda: sde_mean(one([[0.5]]), one([[0.4]]), one(0.1), one(0.1), sigma=one(1.0)), "got 0.1 and 0.1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
