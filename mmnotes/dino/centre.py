"""The centre: what the teacher says on average, to be subtracted from what it says.

Paper: Caron et al., DINO (2021), equation 4.
"""

from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted


def updated_centre(
    centre: Float[Tensor, "prototypes"], logits: Float[Tensor, "*batch prototypes"], *, momentum: float = 0.9
) -> Float[Tensor, "prototypes"]:
    """m c + (1 - m) times the mean of the teacher's logits over all views and pictures.

    The loss of a batch uses the centre of the batches before: compute it first, then move the centre.

    Shapes: centre (prototypes,), logits (..., prototypes) -> (prototypes,).
    Errors: ValueError where momentum is not within 0 and 1, or there are no logits.
    Source: facebookresearch/dino, main_dino.py, DINOLoss.update_center; momentum is its default.
    """
    check_momentum(momentum=momentum)
    if not logits.numel():
        raise ValueError(f"logits must hold at least one row, got the shape {tuple(logits.shape)}")
    centre, logits = promoted(centre.detach(), logits.detach())
    return momentum * centre + (1 - momentum) * logits.reshape(-1, len(centre)).mean(0)


def check_momentum(*, momentum: float) -> None:
    """Refuse a share of the past that is not one.

    Errors: ValueError where momentum is not within 0 and 1.
    """
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must be within 0 and 1, got {momentum}")
