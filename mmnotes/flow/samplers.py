"""Following a velocity from noise to data in steps: Euler's straight ones, and Heun's.

Paper: Karras et al., Elucidating the design space of diffusion-based generative models (2022), for Heun's.

Differs: no stochastic sampler.
"""

from collections.abc import Callable
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]


def euler(
    velocity: Velocity,
    noise: Float[Tensor, "batch *rest"],
    times: Float[Tensor, "times"],
) -> Tensor:
    """Follow a velocity from the first time to the last in straight steps:
    x <- x + (t' - t) v(x, t).

    >>> import torch
    >>> euler(lambda x, t: x, torch.tensor([[8.0]]), torch.tensor([1.0, 0.5, 0.0]))
    tensor([[2.]])

    Shapes: noise (batch, ...), times (times,) -> (batch, ...); ``velocity`` takes
    x (batch, ...) and t (batch,).
    Units: times from 1 (noise) to 0 (data) for sampling; from 0 to 1 it turns data into
    noise. They go to the device of the noise and keep their dtype, which may be wider
    than that of the noise.
    Source: agrees with diffusers' FlowMatchEulerDiscreteScheduler, in half precision too.
    """
    x = noise
    for now, then in pairwise(times.to(noise.device)):
        x = x + (then - now) * velocity(x, now.expand(len(x)))
    return x


def heun(velocity: Velocity, noise: Float[Tensor, "batch *rest"], times: Float[Tensor, "times"]) -> Tensor:
    """As ``euler``, with the mean of the velocities at both ends of each step; two evaluations a step.

    Shapes: as ``euler``.
    Units: as ``euler``.
    Source: Karras et al., Elucidating the design space of diffusion-based generative models (2022), algorithm 1.
    """
    x = noise
    for now, then in pairwise(times.to(noise.device)):
        first = velocity(x, now.expand(len(x)))
        second = velocity(x + (then - now) * first, then.expand(len(x)))
        x = x + (then - now) * (first + second) / 2
    return x
