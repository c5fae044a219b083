"""A step of the SDE with its log-probability, against the same by diffusers' scheduler as Flow-GRPO drives it; and what
one random step, with its log-probability and without, adds to the sampling of pictures.
"""

import math
from collections.abc import Iterator

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from bench.timing import Row, race
from mmnotes.data import text_features
from mmnotes.flow import euler, time_grid
from mmnotes.flow_grpo import log_probability, rollout, sde_mean, sde_sigma
from mmnotes.models.generator import pretrained_unet, prompts

PICTURES, STEPS, AT, A = 16, 6, 1, 0.7


@torch.no_grad()
def rows() -> Iterator[Row]:
    """The step alone on a batch of latents, then the whole of sampling."""
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=time_grid(steps=STEPS)[:-1].tolist())
    x, velocity, noise = torch.randn(3, 4, 16, 64, 64, generator=torch.Generator().manual_seed(0))
    now, then = scheduler.sigmas[AT], scheduler.sigmas[AT + 1]

    def ours() -> tuple[Tensor, Tensor]:
        sigma = sde_sigma(now, then, a=A)
        std, mean = sigma * (now - then).sqrt(), sde_mean(x, velocity, now, then, sigma=sigma)
        reached = mean + std * noise
        return reached, log_probability(reached, mean, std=std) / x[0].numel()

    def scheduled() -> tuple[Tensor, Tensor]:
        return by_scheduler(scheduler, velocity, scheduler.timesteps[AT].expand(len(x)), x, noise)

    torch.testing.assert_close(ours(), scheduled(), rtol=1e-4, atol=1e-4)
    name = "flow_grpo, one step of the SDE with log-probability, 4 x 16 x 64 x 64"
    yield race(f"{name}; by diffusers' scheduler", ours, scheduled, aim="1")
    network = pretrained_unet()
    start, fresh = torch.randn(2, PICTURES, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    text, times = prompts(text_features()[:PICTURES]), time_grid(steps=STEPS)

    def along(x: Tensor, t: Tensor) -> Tensor:
        return network(x, t, text)

    def chosen() -> Tensor:
        return rollout(along, start, fresh, times, at=AT, a=A).end

    def weighed() -> Tensor:
        """Once more through the network, as for an update."""
        step = rollout(along, start, fresh, times, at=AT, a=A)
        mean = sde_mean(step.x, along(step.x, step.now.expand(PICTURES)), step.now, step.then, sigma=step.sigma)
        return log_probability(step.reached, mean, std=step.sigma * (step.now - step.then).sqrt())

    name = f"flow_grpo, 4 x 4 pictures, {STEPS} steps, one random"
    yield race(f"{name}; all by the ODE", chosen, lambda: euler(along, start, times), aim="1", repeats=5)
    yield race(f"{name}, and its log-probability; without that", weighed, chosen, aim="7 / 6", repeats=5)


def by_scheduler(
    scheduler: FlowMatchEulerDiscreteScheduler, velocity: Tensor, timesteps: Tensor, x: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """Where a step leads and the mean logarithm of its density, with a time looked up for every sample."""
    places = [scheduler.index_for_timestep(each) for each in timesteps]
    shape = (-1, *[1] * (x.ndim - 1))
    now = scheduler.sigmas[places].view(shape)
    change = scheduler.sigmas[[place + 1 for place in places]].view(shape) - now
    sigma = A * (now / (1 - torch.where(now == 1, scheduler.sigmas[1], now))).sqrt()
    pull = sigma**2 / (2 * now)
    mean = x * (1 + pull * change) + velocity * (1 + pull * (1 - now)) * change
    std = sigma * (-change).sqrt()
    reached = mean + std * noise
    logs = -((reached - mean) ** 2) / (2 * std**2) - std.log() - math.log(2 * math.pi) / 2
    return reached, logs.mean(dim=tuple(range(1, x.ndim)))
