"""How many of the first frames are clean says which task it is: their times, their place in the film, what is lost."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mmnotes.layers.precision import promoted


def frame_times(t: Float[Tensor, "batch"], *, n_cond: int, frames: int) -> Float[Tensor, "batch frames"]:
    """The time of every frame: 0 for the clean ones at the beginning, t for the others.

    >>> frame_times(torch.tensor([0.75]), n_cond=2, frames=5)
    tensor([[0.0000, 0.0000, 0.7500, 0.7500, 0.7500]])

    Shapes: t (batch,) -> (batch, frames).
    Units: t from 0 (data) to 1 (noise).
    Errors: ValueError unless 0 <= n_cond <= frames.
    Source: LongCat-Video report, section 3.2; in its pipeline, ``timestep[:, :num_cond_latents] = 0``.
    """
    _check(n_cond, frames)
    return t[:, None] * (torch.arange(frames, device=t.device) >= n_cond)


def with_clean(
    noisy: Float[Tensor, "batch frames *rest"], data: Float[Tensor, "batch known *rest"], *, n_cond: int
) -> Float[Tensor, "batch frames *rest"]:
    """The film with its first frames replaced by clean ones.

    Shapes: noisy (batch, frames, ...), data (batch, at least n_cond, ...) -> (batch, frames, ...).
    Errors: ValueError unless 0 <= n_cond <= frames, and where data has fewer frames than n_cond.
    """
    _check(n_cond, min(noisy.shape[1], data.shape[1]))
    return torch.cat([data[:, :n_cond], noisy[:, n_cond:]], dim=1)


def film_loss(
    velocity: Float[Tensor, "batch frames *rest"],
    data: Float[Tensor, "batch frames *rest"],
    noise: Float[Tensor, "batch frames *rest"],
    *,
    n_cond: int,
) -> Float[Tensor, ""]:
    """The mean squared distance of the velocity from noise - data, over the noisy frames alone.

    Shapes: three times (batch, frames, ...) -> ().
    Units: in float32 for half precision.
    Errors: ValueError unless 0 <= n_cond < frames.
    Source: LongCat-Video report, equation 20, and section 3.2 for the frames.
    """
    _check(n_cond, velocity.shape[1] - 1)
    velocity, data, noise = promoted(velocity, data, noise)
    return (velocity - (noise - data))[:, n_cond:].square().mean()


def block_causal_mask(*, n_cond: int, frames: int, tokens: int) -> Bool[Tensor, "all all"]:
    """True where a token may read: clean ones read clean ones, noisy ones read all.

    It takes no tensor: there is nothing to trace.

    >>> block_causal_mask(n_cond=1, frames=3, tokens=1).int()
    tensor([[1, 0, 0],
            [1, 1, 1],
            [1, 1, 1]], dtype=torch.int32)

    Shapes: -> (frames tokens, frames tokens), for so many tokens a frame.
    Errors: ValueError unless 0 <= n_cond <= frames.
    Source: LongCat-Video report, section 3.2; its code calls attention twice instead, as
    ``FilmAttention`` does.
    """
    _check(n_cond, frames)
    clean = torch.arange(frames * tokens) < n_cond * tokens
    return ~clean[:, None] | clean


def _check(n_cond: int, most: int) -> None:
    if not 0 <= n_cond <= most:
        raise ValueError(f"n_cond must be from 0 to {most}, got {n_cond}")
