"""Sampling a 4 x 4 grid of pictures, against the same network driven by diffusers' scheduler; Euler's step alone."""

from collections.abc import Iterator

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from bench.timing import Row, race
from mmnotes.data import text_features
from mmnotes.flow import Velocity, euler, guided_by, time_grid
from mmnotes.models.generator import pretrained_unet, prompts

PICTURES, STEPS, SCALE = 16, 5, 2.0


@torch.no_grad()
def rows() -> Iterator[Row]:
    """The whole of sampling, the share of the network in it, and a sampler with nothing to wait for."""
    network = pretrained_unet()
    noise = torch.randn(PICTURES, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    text, times = prompts(text_features()[:PICTURES]), time_grid(steps=STEPS)
    both = torch.cat([text, network.nothing.expand_as(text)])

    def ours() -> Tensor:
        return euler(guided_by(network, text, network.nothing, scale=SCALE), noise, times)

    def scheduled() -> Tensor:
        """The loop of a diffusers pipeline."""

        def velocity(x: Tensor, t: Tensor) -> Tensor:
            unconditional, conditional = network(
                torch.cat([x, x]), t.expand(2 * PICTURES), both.roll(PICTURES, 0)
            ).chunk(2)
            return unconditional + SCALE * (conditional - unconditional)

        return by_scheduler(velocity, noise)

    def network_alone() -> list[Tensor]:
        twice = torch.cat([noise, noise])
        return [network(twice, t.expand(2 * PICTURES), both) for t in times[:-1]]

    torch.testing.assert_close(ours(), scheduled(), rtol=1e-3, atol=1e-3)
    name = f"flow, 4 x 4 pictures, {STEPS} guided steps"
    yield race(f"{name}; diffusers' scheduler", ours, scheduled, aim="1", repeats=5)
    yield race(f"{name}; the network alone", ours, network_alone, aim="1 at best", repeats=5)
    large = torch.randn(1, 16, 128, 128, generator=torch.Generator().manual_seed(0))
    yield race(
        f"flow, {STEPS} steps of Euler on 16 x 128 x 128 numbers; the same",
        lambda: euler(lambda x, t: x, large, times),
        lambda: by_scheduler(lambda x, t: x, large),
        aim="1",
    )


def by_scheduler(velocity: Velocity, noise: Tensor) -> Tensor:
    """Euler's steps by diffusers, at the same times."""
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=time_grid(steps=STEPS)[:-1].tolist())
    x = noise
    for timestep in scheduler.timesteps:
        x = scheduler.step(velocity(x, timestep / 1000), timestep, x).prev_sample
    return x
