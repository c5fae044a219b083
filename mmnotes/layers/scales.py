"""What a loss asks of its scale or bias, or of its temperature, the inverse of a scale."""

import math

from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known


def check_positive(value: Float[Tensor, ""] | float, *, name: str) -> None:
    """Refuse a number that is not positive and finite.

    Shapes: value () -> nothing.
    Errors: ValueError that names the argument.
    """
    if _known(value) and not 0 < value < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {_number(value)}")


def check_finite(value: Float[Tensor, ""] | float, *, name: str) -> None:
    """Refuse a number that is infinite or none.

    Shapes: value () -> nothing.
    Errors: ValueError that names the argument.
    """
    if _known(value) and not -math.inf < value < math.inf:
        raise ValueError(f"{name} must be finite, got {_number(value)}")


def _number(value: Tensor | float) -> float:
    return float(value.detach() if isinstance(value, Tensor) else value)


def _known(value: Tensor | float) -> bool:
    return not isinstance(value, Tensor) or values_known(value)
