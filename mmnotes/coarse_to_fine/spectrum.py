"""Which details of a film noise hides: the power of its waves, ring by ring, against that of the noise.

Differs: frames are looked at one by one; waves in time are not.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted


def wave_powers(film: Float[Tensor, "batch frames channels side side"]) -> Float[Tensor, "rings"]:
    """The mean squared size of the waves that make up the frames, for each whole number of waves across the picture.

    A wave is (k, l) periods wide and high; ring r holds those with a length of (k, l) that rounds to r, up to half the
    side. The transform is unitary, so that noise of variance one has power one in every ring.

    Shapes: (batch, frames, channels, side, side) -> (side / 2 + 1,); ring 0 is the mean of a frame.
    Units: the square of those of the film.
    Errors: ValueError where there is no frame.
    Source: the discrete Fourier transform with ``norm="ortho"``.
    """
    if not film.numel():
        raise ValueError(f"film must hold at least one frame, got the shape {tuple(film.shape)}")
    (pixels,) = promoted(film)
    side = film.shape[-1]
    power = torch.fft.fft2(pixels, norm="ortho").abs().square().flatten(0, 2).mean(0)
    waves = torch.fft.fftfreq(side, 1 / side, device=film.device)
    ring = torch.hypot(waves[:, None], waves).round()
    inside = (ring[..., None] == torch.arange(side // 2 + 1, device=film.device)).to(power.dtype)
    mean = torch.einsum("hw,hwr->r", power, inside) / inside.sum((0, 1))
    return mean.to(film.dtype)


def hiding_time(power: Float[Tensor, "*rest"]) -> Float[Tensor, "*rest"]:
    """The time at which a wave of this power and the noise are equally strong: s / (1 + s), with s the root of it.

    >>> hiding_time(torch.tensor([1.0, 9.0]))
    tensor([0.5000, 0.7500])

    Shapes: kept.
    Units: power in those of noise of variance one; time from 0 (data) to 1 (noise).
    Source: (1 - t)² power = t², solved for t.
    """
    (power_,) = promoted(power)
    root = power_.clamp(min=0).sqrt()
    return (root / (1 + root)).to(power.dtype)


def sharpness(
    film: Float[Tensor, "batch frames channels side side"], truth: Float[Tensor, "batch frames channels side side"]
) -> Float[Tensor, ""]:
    """How much of the truth's fine power a film has: that of all waves shorter than a quarter of the rings, as a ratio.

    1 is as sharp as the truth, 0 has no fine wave at all, and noise may be sharper than any film.

    Shapes: twice (batch, frames, channels, side, side) -> ().
    Errors: as ``wave_powers``; ValueError where the truth has no fine wave.
    Source: ``wave_powers``.
    """
    fine = [_fine_power(each) for each in (film, truth)]
    if values_known(*fine) and not fine[1] > 0:
        raise ValueError("truth must have waves shorter than four pixels, got none")
    return fine[0] / fine[1]


def _fine_power(film: Tensor) -> Tensor:
    """Of the rings that a draft of half the side cannot hold, each as often as it has waves."""
    powers = wave_powers(film)
    first = math.ceil(film.shape[-1] / 4)
    rings = torch.arange(len(powers), device=film.device, dtype=powers.dtype)
    return (powers * rings)[first:].sum()
