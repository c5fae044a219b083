"""Flow matching: learn the velocity that carries noise to data along straight lines, then follow it.

Papers: Lipman et al., Flow matching for generative modeling (2023); Liu et al., Flow straight and fast (2023); Esser et
al., Scaling rectified flow transformers (2024), for timesteps and their shift; Ho and Salimans, Classifier-free
diffusion guidance (2022); Fan et al., CFG-Zero* (2025).

Here time is 0 at the data and 1 at the noise, and the velocity is noise - data, as in diffusers and Wan. LongCat-Video
writes data - noise: change the sign.

Differs: the straight path between data and Gaussian noise only; no stochastic sampler.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

Velocity = Callable[[Tensor, Tensor], Tensor]


def on_path(
    data: Float[Tensor, "batch *rest"], noise: Float[Tensor, "batch *rest"], t: Float[Tensor, "batch"]
) -> Float[Tensor, "batch *rest"]:
    """The point of the straight path at time t: x_t = (1 - t) data + t noise.

    Shapes: data and noise (batch, ...), t (batch,) -> (batch, ...).
    Units: t from 0 (data) to 1 (noise).
    Source: Liu et al. 2023, equation 1; Esser et al. 2024, equation 13.
    """
    share = _beside(t, data)
    return (1 - share) * data + share * noise


def flow_loss(
    velocity: Float[Tensor, "batch *rest"], data: Float[Tensor, "batch *rest"], noise: Float[Tensor, "batch *rest"]
) -> Float[Tensor, ""]:
    """The mean squared distance of a velocity from noise - data, the derivative of the path.

    Its least value is not zero: many paths cross at one point, and the best velocity there is their mean.

    Shapes: three times (batch, ...) -> ().
    Source: Lipman et al. 2023, equation 9, for the straight path.
    """
    return (velocity - (noise - data)).square().mean()


def mixture_velocity(
    x: Float[Tensor, "batch dim"],
    t: Float[Tensor, "batch"],
    centres: Float[Tensor, "centres dim"],
    *,
    spread: float,
) -> Float[Tensor, "batch dim"]:
    """The true velocity where the data are equal parts of round Gaussians: what a perfect network would learn.

    Given the centre c, x_t is Gaussian with mean (1 - t) c and variance (1 - t)² spread² + t², and noise - data given
    x_t is linear in x_t. The velocity is the mean of these over the centres, each weighted by how likely x_t is under
    it.

    Shapes: x (batch, dim), t (batch,), centres (centres, dim) -> (batch, dim).
    Units: t from 0 (data) to 1 (noise); spread in those of x.
    Errors: ValueError for a spread that is not positive.
    Source: Lipman et al. 2023, equations 8 and 21, for the straight path.
    """
    if not spread > 0:
        raise ValueError(f"spread must be positive, got {spread}")
    share = t[:, None, None]
    variance = ((1 - share) * spread).square() + share.square()
    apart = x[:, None] - (1 - share) * centres
    likely = torch.softmax(-apart.square().sum(2, keepdim=True) / (2 * variance), dim=1)
    each = (share - (1 - share) * spread**2) / variance * apart - centres
    return (likely * each).sum(1)


def shifted(t: Float[Tensor, "*rest"], *, shift: float) -> Float[Tensor, "*rest"]:
    """Times moved towards the noise: s t / (1 + (s - 1) t), which keeps 0 and 1.

    A picture of s² times as many pixels that show the same content needs this much more noise to hide it equally well.

    Shapes: any, kept.
    Units: t from 0 to 1; shift 1 changes nothing.
    Errors: ValueError for a shift that is not positive.
    Source: Esser et al. 2024, equation 23; diffusers' FlowMatchEulerDiscreteScheduler.
    """
    if not shift > 0:
        raise ValueError(f"shift must be positive, got {shift}")
    return shift * t / (1 + (shift - 1) * t)


def time_grid(*, steps: int, shift: float = 1.0) -> Float[Tensor, "times"]:
    """``steps`` + 1 times from 1 down to 0, evenly spaced before the shift.

    Shapes: -> (times,), one more than the steps.
    Units: as t.
    Errors: ValueError for steps < 1, and as ``shifted``.
    Source: Esser et al. 2024, section 5.3.2.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return shifted(torch.linspace(1, 0, steps + 1), shift=shift)


def euler(velocity: Velocity, noise: Float[Tensor, "batch *rest"], times: Float[Tensor, "times"]) -> Tensor:
    """Follow a velocity from the first time to the last in straight steps: x <- x + (t' - t) v(x, t).

    Shapes: noise (batch, ...), times (times,) -> (batch, ...); ``velocity`` takes x (batch, ...) and t (batch,).
    Units: times from 1 (noise) to 0 (data) for sampling; from 0 to 1 it turns data into noise.
    Source: agrees with diffusers' FlowMatchEulerDiscreteScheduler.
    """
    x = noise
    for now, then in pairwise(times):
        x = x + (then - now) * velocity(x, now.expand(len(x)))
    return x


def heun(velocity: Velocity, noise: Float[Tensor, "batch *rest"], times: Float[Tensor, "times"]) -> Tensor:
    """As ``euler``, with the mean of the velocities at both ends of each step; two evaluations a step.

    Shapes: as ``euler``.
    Units: as ``euler``.
    Source: Karras et al., Elucidating the design space of diffusion-based generative models (2022), algorithm 1.
    """
    x = noise
    for now, then in pairwise(times):
        first = velocity(x, now.expand(len(x)))
        second = velocity(x + (then - now) * first, then.expand(len(x)))
        x = x + (then - now) * (first + second) / 2
    return x


def guided(
    conditional: Float[Tensor, "batch *rest"], unconditional: Float[Tensor, "batch *rest"], *, scale: float
) -> Float[Tensor, "batch *rest"]:
    """Classifier-free guidance: the unconditional velocity, and ``scale`` times what the condition adds.

    Shapes: twice (batch, ...) -> (batch, ...).
    Units: scale 0 ignores the condition, 1 is the conditional velocity, more exaggerates it.
    Source: Ho and Salimans 2022, equation 6, whose w is scale - 1.
    """
    return unconditional + scale * (conditional - unconditional)


def guided_from_projection(
    conditional: Float[Tensor, "batch *rest"], unconditional: Float[Tensor, "batch *rest"], *, scale: float
) -> Float[Tensor, "batch *rest"]:
    """CFG-Zero*: guidance from the multiple of the unconditional velocity that is nearest to the conditional one.

    The factor ⟨v_c, v_u⟩ / ‖v_u‖² is found for each sample; where v_u is zero it does not matter and is zero.

    Shapes: twice (batch, ...) -> (batch, ...).
    Units: as ``guided``.
    Source: Fan et al. 2025, section 4.1; LongCat-Video's pipeline.
    Differs: the paper also sets the velocity of the first steps to zero; do that in the sampler.
    """
    pairs, norms = (conditional * unconditional).flatten(1).sum(1), unconditional.square().flatten(1).sum(1)
    factor = pairs / norms.clamp_min(torch.finfo(norms.dtype).tiny)
    return guided(conditional, _beside(factor, unconditional) * unconditional, scale=scale)


def guided_by(
    network: Callable[[Tensor, Tensor, Tensor], Tensor],
    text: Float[Tensor, "batch dim"],
    nothing: Float[Tensor, "dim"],
    *,
    scale: float,
) -> Velocity:
    """The velocity of a network that is guided by a text, for the samplers; both halves pass the network together.

    Shapes: ``network`` takes x (batch, ...), t (batch,) and text (batch, dim), and gives (batch, ...); ``nothing`` is
    what it knows as no text.
    Units: as ``guided``.
    Source: diffusers' StableDiffusion3Pipeline does the same.
    """
    both = torch.cat([text, nothing.expand_as(text)])

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        conditional, unconditional = network(torch.cat([x, x]), torch.cat([t, t]), both).chunk(2)
        return guided(conditional, unconditional, scale=scale)

    return velocity


def _beside(per_sample: Tensor, x: Tensor) -> Tensor:
    """One number a sample, shaped to multiply x."""
    return per_sample.reshape(-1, *[1] * (x.ndim - 1))
