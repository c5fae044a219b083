"""The times at which a sampler evaluates the velocity: an even grid, moved towards the noise for larger pictures.

Paper: Esser et al., Scaling rectified flow transformers (2024), section 5.3.2.
"""

import torch
from jaxtyping import Float
from torch import Tensor


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
