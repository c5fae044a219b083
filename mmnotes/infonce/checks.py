"""What the losses ask of their scale."""

from jaxtyping import Float
from torch import Tensor


def check_scale(scale: Float[Tensor, ""] | float) -> None:
    """Refuse a scale that cannot be one.

    Shapes: scale () -> nothing.
    Errors: ValueError for a scale that is not positive and finite.
    Source: a scale is the inverse of a temperature: Radford et al. 2021, section
    2.5.
    """
    if not 0 < scale < float("inf"):
        raise ValueError(f"scale must be positive and finite, got {float(scale)}")
