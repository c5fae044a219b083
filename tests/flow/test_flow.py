"""Flow matching: the path and its velocity, the samplers against closed forms and diffusers, and guidance."""

import math

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.flow import (
    euler,
    flow_loss,
    guided,
    guided_by,
    guided_from_projection,
    heun,
    mixture_velocity,
    on_path,
    shifted,
    time_grid,
)


def pair(*shape: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2))
    return first, second


def gaussian_velocity(mean: float, spread: float):
    """The true velocity between N(mean, spread²) and N(0, 1): the conditional mean of noise - data given x."""

    def velocity(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        t = t.reshape(-1, *[1] * (x.ndim - 1))
        variance = (1 - t) ** 2 * spread**2 + t**2
        return (t - (1 - t) * spread**2) / variance * (x - (1 - t) * mean) - mean

    return velocity


def test_the_path_keeps_its_shape_and_runs_from_data_to_noise():
    data, noise = pair(3, 5, 7)
    t = torch.tensor([0.0, 1.0, 0.25], dtype=torch.float64)
    x = on_path(data, noise, t)
    assert x.shape == data.shape and torch.equal(x[0], data[0]) and torch.equal(x[1], noise[1])
    torch.testing.assert_close(x[2], 0.75 * data[2] + 0.25 * noise[2])


def test_the_target_is_the_derivative_of_the_path():
    data, noise = pair(2, 3)
    t = torch.tensor([0.3, 0.8], dtype=torch.float64)
    derivative = torch.stack(
        [torch.autograd.functional.jacobian(lambda s: on_path(data, noise, s), t)[b, :, b] for b in range(2)]
    )
    assert flow_loss(derivative, data, noise) < 1e-24
    assert flow_loss(-derivative, data, noise) > 1


def test_the_loss_is_a_mean_over_everything_in_loops():
    data, noise = pair(2, 3, 5)
    velocity = torch.ones(2, 3, 5, dtype=torch.float64)
    total = 0.0
    for b in range(2):
        for i in range(3):
            for j in range(5):
                total += (velocity[b, i, j] - noise[b, i, j] + data[b, i, j]).item() ** 2
    assert math.isclose(flow_loss(velocity, data, noise).item(), total / 30, rel_tol=1e-12)


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 0.5), (2.0, 0.3), (-1.0, 1.7)])
def test_the_gaussian_velocity_is_the_best_one_and_carries_noise_to_data(mean, spread):
    noise = torch.randn(20_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    data = mean + spread * torch.randn(20_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    velocity, t = gaussian_velocity(mean, spread), torch.full((20_000,), 0.4, dtype=torch.float64)
    x = on_path(data, noise, t)
    best = flow_loss(velocity(x, t), data, noise)
    assert best < flow_loss(velocity(x, t) + 0.1, data, noise) and best < flow_loss(1.1 * velocity(x, t), data, noise)
    for sampler, steps in ((euler, 400), (heun, 60)):
        found = sampler(velocity, noise, time_grid(steps=steps).double())
        torch.testing.assert_close(found, mean + spread * noise, rtol=0, atol=0.03)


def test_every_time_in_between_has_the_marginal_of_the_path():
    noise = torch.randn(50_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    times = time_grid(steps=200).double()
    for stop in (50, 100, 150):
        found = euler(gaussian_velocity(2, 0.3), noise, times[: stop + 1])
        t = times[stop].item()
        assert abs(found.mean().item() - 2 * (1 - t)) < 0.02
        assert abs(found.std().item() - math.hypot(t, 0.3 * (1 - t))) < 0.02


def test_heun_errs_with_the_square_of_the_step_and_euler_with_the_step():
    noise = torch.linspace(-2, 2, 11, dtype=torch.float64)
    for sampler, order in ((euler, 1), (heun, 2)):
        errors = [
            (sampler(gaussian_velocity(1, 0.5), noise, time_grid(steps=n).double()) - 1 - noise / 2).abs().max()
            for n in (64, 128)
        ]
        assert abs(math.log2(errors[0] / errors[1]) - order) < 0.15


def test_there_and_back_again():
    data, _ = pair(3, 4)
    times = time_grid(steps=100).double()
    there = heun(gaussian_velocity(1, 0.5), data, times.flip(0))
    torch.testing.assert_close(heun(gaussian_velocity(1, 0.5), there, times), data, rtol=0, atol=1e-3)


@pytest.mark.parametrize("shift", [1.0, 3.0, 12.0])
def test_sigmas_and_steps_agree_with_diffusers(shift):
    times = time_grid(steps=9, shift=shift)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=torch.linspace(1, 0, 10)[:-1].numpy())
    torch.testing.assert_close(times, scheduler.sigmas, rtol=0, atol=1e-6)
    x = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    velocity = lambda x, t: torch.sin(3 * x) + t[:, None]  # noqa: E731
    theirs = x
    for index, step in enumerate(scheduler.timesteps):
        found = velocity(theirs, scheduler.sigmas[index].expand(2))
        theirs = scheduler.step(found, step, theirs, return_dict=False)[0]
    torch.testing.assert_close(euler(velocity, x, times), theirs, rtol=0, atol=1e-6)


def test_without_explicit_sigmas_diffusers_shifts_the_low_end_twice():
    """Its last step starts at shift(shift(1/1000)), far from the noise-free end."""
    scheduler = FlowMatchEulerDiscreteScheduler(shift=12.0)
    scheduler.set_timesteps(9)
    once = shifted(torch.tensor(0.001), shift=12)
    twice = shifted(once, shift=12)
    assert math.isclose(scheduler.sigmas[-2].item(), twice.item(), rel_tol=1e-5)
    assert math.isclose(twice.item(), 0.126, abs_tol=1e-3) and math.isclose(once.item(), 0.0119, abs_tol=1e-4)


@given(st.floats(0.05, 20), st.floats(0, 1), st.floats(0.05, 20))
def test_a_shift_keeps_the_ends_the_order_and_composes(first, t, second):
    times = torch.tensor([0.0, t, 1.0], dtype=torch.float64)
    moved = shifted(times, shift=first)
    assert moved[0] == 0 and math.isclose(moved[2].item(), 1, rel_tol=1e-12) and moved.diff().min() >= 0
    torch.testing.assert_close(shifted(moved, shift=second), shifted(times, shift=first * second))


def test_a_shift_is_a_change_of_the_ratio_of_noise_to_data():
    t = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    moved = shifted(t, shift=3)
    torch.testing.assert_close(moved / (1 - moved), 3 * t / (1 - t))


def test_guidance_is_a_line_through_both_velocities():
    conditional, unconditional = pair(3, 5)
    assert torch.equal(guided(conditional, unconditional, scale=0), unconditional)
    torch.testing.assert_close(guided(conditional, unconditional, scale=1), conditional)
    torch.testing.assert_close(guided(conditional, unconditional, scale=4), 4 * conditional - 3 * unconditional)


def test_the_projection_is_the_nearest_multiple():
    conditional, unconditional = pair(3, 5, 7)
    start = guided_from_projection(conditional, unconditional, scale=0)
    for b in range(3):
        factor = (conditional[b] * unconditional[b]).sum() / (unconditional[b] ** 2).sum()
        torch.testing.assert_close(start[b], factor * unconditional[b])
        assert abs(((conditional[b] - start[b]) * unconditional[b]).sum()) < 1e-12
    torch.testing.assert_close(guided_from_projection(conditional, unconditional, scale=1), conditional)
    silent = guided_from_projection(conditional, torch.zeros_like(conditional), scale=2)
    torch.testing.assert_close(silent, 2 * conditional)


@pytest.mark.parametrize("shift", [0.0, -1.0, float("nan")])
def test_a_shift_must_be_positive(shift):
    with pytest.raises(ValueError, match="shift must be positive, got"):
        shifted(torch.ones(1), shift=shift)


def test_there_is_at_least_one_step():
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        time_grid(steps=0)


def test_one_centre_is_one_gaussian():
    x, _ = pair(5, 2)
    t = torch.linspace(0.1, 0.9, 5, dtype=torch.float64)
    found = mixture_velocity(x, t, torch.full((1, 2), 2.0, dtype=torch.float64), spread=0.3)
    torch.testing.assert_close(found, gaussian_velocity(2, 0.3)(x, t))


def test_the_mixture_velocity_is_the_conditional_mean():
    """Against a histogram: the mean of noise - data over all samples whose x_t falls into a small cell."""
    centres = torch.tensor([[-1.0], [0.5], [2.0]], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    which = torch.randint(3, (400_000,), generator=generator)
    data = centres[which] + 0.3 * torch.randn(400_000, 1, generator=generator, dtype=torch.float64)
    noise = torch.randn(400_000, 1, generator=generator, dtype=torch.float64)
    x = on_path(data, noise, torch.full((400_000,), 0.35, dtype=torch.float64))
    for place in (-0.6, 0.2, 0.9, 1.4):
        near = (x - place).abs().flatten() < 0.02
        at, t = torch.tensor([[place]], dtype=torch.float64), torch.tensor([0.35], dtype=torch.float64)
        found = mixture_velocity(at, t, centres, spread=0.3)
        assert abs((noise - data)[near].mean() - found).item() < 0.03


def test_samples_of_a_mixture_settle_on_its_centres_in_equal_parts():
    angles = torch.arange(8, dtype=torch.float64) * math.pi / 4
    centres = 2 * torch.stack([angles.cos(), angles.sin()], dim=1)
    noise = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = heun(lambda x, t: mixture_velocity(x, t, centres, spread=0.1), noise, time_grid(steps=60).double())
    distance, nearest = torch.cdist(found, centres).min(1)
    assert distance.mean() < 0.2
    assert (nearest.bincount(minlength=8) / 500 - 1).abs().max() < 0.15


def test_a_mixture_has_a_spread():
    with pytest.raises(ValueError, match="spread must be positive, got 0"):
        mixture_velocity(torch.zeros(1, 2), torch.ones(1), torch.zeros(3, 2), spread=0.0)


# Half precision, dtypes and devices


def test_guidance_from_the_projection_survives_float16():
    """A sum of 147,456 squares leaves the range of float16, and squares of small numbers fall below it."""
    generator = torch.Generator().manual_seed(0)
    for size in (1.0, 1e-3, 300.0):
        conditional, unconditional = (size * torch.randn(1, 16, 96, 96, generator=generator).half() for _ in range(2))
        found = guided_from_projection(conditional, unconditional, scale=2.0)
        exact = guided_from_projection(conditional.double(), unconditional.double(), scale=2.0)
        assert found.dtype == torch.float16
        torch.testing.assert_close(found.double(), exact, rtol=1e-3, atol=1e-3 * size)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_loss_of_half_precision_is_that_of_the_same_numbers_in_float32(dtype):
    data, noise = (each.to(dtype) for each in pair(3, 4096))
    velocity = 300 * (noise + 1)
    found = flow_loss(velocity, data, noise)
    assert found.dtype == torch.float32 and found.isfinite()
    expected = flow_loss(velocity.double(), data.double(), noise.double())
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_once(dtype):
    """What is made of exact halves equals float64, rounded at the end, up to one step of the dtype."""
    data, noise = (each.to(dtype) for each in pair(64, 2))
    t = torch.rand(64, generator=torch.Generator().manual_seed(2)).to(dtype)
    centres = (10 * torch.randn(5, 2, generator=torch.Generator().manual_seed(3))).to(dtype)
    for function, arguments in (
        (on_path, (data, noise, t)),
        (lambda t: shifted(t, shift=12.0), (t,)),
        (lambda x, t, centres: mixture_velocity(x, t, centres, spread=0.05), (noise, t, centres)),
    ):
        found, exact = function(*arguments), function(*(each.double() for each in arguments))
        assert found.dtype == dtype
        torch.testing.assert_close(found, exact.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-4)


def test_times_of_another_dtype_leave_the_data_what_they_are():
    data, noise = (each.bfloat16() for each in pair(3, 4))
    assert on_path(data, noise, torch.rand(3)).dtype == torch.bfloat16
    assert on_path(data.double(), noise.double(), torch.rand(3)).dtype == torch.float64


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_grid_has_the_dtype_and_device_that_are_asked_for(dtype):
    exact = time_grid(steps=7, shift=3.0, dtype=torch.float64)
    found = time_grid(steps=7, shift=3.0, dtype=dtype)
    assert found.dtype == dtype and time_grid(steps=7).dtype == torch.float32
    torch.testing.assert_close(found.double(), exact.to(dtype).double(), rtol=1e-6, atol=0)
    assert time_grid(steps=7, device="meta").is_meta


@pytest.mark.parametrize("sampler", [euler, heun])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_a_sample_keeps_the_dtype_of_the_noise_and_the_network_is_told_the_exact_times(sampler, dtype):
    seen = []

    def velocity(x, t):
        seen.append(t)
        return x.sin() + t[:, None].to(x.dtype)

    noise, times = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)), time_grid(steps=9, shift=3.0)
    assert sampler(velocity, noise.to(dtype), times).dtype == dtype
    assert {each.dtype for each in seen} == {torch.float32}
    assert {each[2].item() for each in seen} >= set(times[:-1].tolist())
    assert sampler(velocity, noise.to("meta"), times).is_meta, "the times follow the noise"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_steps_in_half_precision_are_those_of_diffusers_to_the_bit(dtype):
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=torch.linspace(1, 0, 51)[:-1].numpy())
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0)).to(dtype)
    theirs = x
    for step in scheduler.timesteps:
        theirs = scheduler.step(torch.sin(3 * theirs), step, theirs, return_dict=False)[0]
    assert torch.equal(euler(lambda x, t: torch.sin(3 * x), x, scheduler.sigmas), theirs)


# Bad input


def test_there_is_something_to_average():
    nothing = torch.zeros(0, 3)
    with pytest.raises(ValueError, match=r"velocity must hold at least one number, got the shape \(0, 3\)"):
        flow_loss(nothing, nothing, nothing)


def test_a_mixture_has_a_centre():
    with pytest.raises(ValueError, match="centres must be at least 1, got 0"):
        mixture_velocity(torch.zeros(1, 2), torch.ones(1), torch.zeros(0, 2), spread=0.1)


def test_each_picture_has_its_text():
    velocity = guided_by(lambda x, t, text: x, torch.zeros(2, 7), torch.zeros(7), scale=2.0)
    with pytest.raises(ValueError, match="x must be 2, one for each text, got 3"):
        velocity(torch.zeros(3, 5), torch.zeros(3))
