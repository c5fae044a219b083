"""The times at which a sampler evaluates the velocity: an even grid, moved towards the noise for larger pictures.

Paper: Esser et al., Scaling rectified flow transformers (2024), section 5.3.2.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted


def shifted(t: Float[Tensor, "*rest"], *, shift: float) -> Float[Tensor, "*rest"]:
    """Times moved towards the noise: s t / (1 + (s - 1) t), which keeps 0 and 1.

    A picture of s² times as many pixels that show the same content needs this much more noise to hide it equally well.

    >>> shifted(torch.tensor([0.0, 0.5, 1.0]), shift=3)
    tensor([0.0000, 0.7500, 1.0000])

    Shapes: any, kept.
    Units: t from 0 to 1; shift 1 changes nothing.
    Errors: ValueError for a shift that is not positive.
    Source: Esser et al. 2024, equation 23; diffusers' FlowMatchEulerDiscreteScheduler.
    """
    if not shift > 0:
        raise ValueError(f"shift must be positive, got {shift}")
    (times,) = promoted(t)
    return (shift * times / (1 + (shift - 1) * times)).to(t.dtype)


def time_grid(
    *,
    steps: int,
    shift: float = 1.0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Float[Tensor, "times"]:
    """``steps`` + 1 times from 1 down to 0, evenly spaced before the shift.

    A network in half precision takes the times in float32, as they are here without a dtype: bfloat16 has no number
    between 1/2 and 1/2 + 1/256, and on the way from one to the other a time embedding turns by up to 4 radians.

    >>> time_grid(steps=4)
    tensor([1.0000, 0.7500, 0.5000, 0.2500, 0.0000])

    Shapes: -> (times,), one more than the steps.
    Units: as t.
    Errors: ValueError for steps < 1, and as ``shifted``.
    Source: Esser et al. 2024, section 5.3.2.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    even = torch.linspace(1, 0, steps + 1, dtype=torch.promote_types(dtype, torch.float32), device=device)
    return shifted(even, shift=shift).to(dtype)
