"""Guidance: exaggerate what the condition adds to the velocity.

Papers: Ho and Salimans, Classifier-free diffusion guidance (2022); Fan et al., CFG-Zero* (2025).
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.flow.path import per_sample
from mmnotes.flow.samplers import Velocity
from mmnotes.layers.precision import promoted


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
    Units: as ``guided``; computed at least in float32, since a sum of squares leaves the range of float16.
    Source: Fan et al. 2025, section 4.1; LongCat-Video's pipeline.
    Differs: the paper also sets the velocity of the first steps to zero; do that in the sampler.
    """
    towards, start = promoted(conditional, unconditional)
    pairs, norms = (towards * start).flatten(1).sum(1), start.square().flatten(1).sum(1)
    factor = pairs / norms.clamp_min(torch.finfo(norms.dtype).tiny)
    return guided(towards, per_sample(factor, start) * start, scale=scale).to(conditional.dtype)


def guided_by(
    network: Callable[[Tensor, Tensor, Tensor], Tensor],
    text: Float[Tensor, "batch dim"],
    nothing: Float[Tensor, "dim"],
    *,
    scale: float,
) -> Velocity:
    """The velocity of a network that is guided by a text, for the samplers; both halves
    pass the network together.

    Shapes: ``network`` takes x (batch, ...), t (batch,) and text (batch, dim), and gives
    (batch, ...); ``nothing`` is what it knows as no text.
    Units: as ``guided``.
    Errors: ValueError where there are not as many pictures as texts.
    Source: diffusers' StableDiffusion3Pipeline does the same.
    """
    both = torch.cat([text, nothing.expand_as(text)])

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        if len(x) != len(text):
            raise ValueError(f"x must be {len(text)}, one for each text, got {len(x)}")
        found = network(torch.cat([x, x]), torch.cat([t, t]), both)
        conditional, unconditional = found.chunk(2)
        return guided(conditional, unconditional, scale=scale)

    return velocity
