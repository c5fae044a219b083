"""KoLeo: push every picture away from the one that is nearest to it.

Papers: Sablayrolles et al., Spreading vectors for similarity search (2019), equation 2, after the entropy estimate of
Kozachenko and Leonenko (1987).
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.layers.precision import promoted

EPSILON = 1e-8  # of a distance, so that two equal features have a finite loss


def koleo_loss(features: Float[Tensor, "*crops batch dim"]) -> Float[Tensor, "*crops"]:
    """-1/n Σ_i log min_{j≠i} ‖x_i - x_j‖ of unit features, for each crop of its own.

    Two crops of one picture must not push each other apart, so neighbours are sought within
    a crop; DINOv2 adds a tenth of the sum over both global crops to its loss. Up to a factor
    and a constant this is minus the entropy of the features, estimated from their nearest
    neighbours. The gradient moves both ends of each pair, by one over its distance.

    >>> import torch
    >>> from mmnotes.dinov2 import koleo_loss
    >>> corners = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> round(koleo_loss(corners).exp().item(), 3)  # one over the distance, √2
    0.707

    Shapes: features (..., batch, dim) -> (...).
    Units: nats; features of any length.
    Errors: ValueError where a batch has fewer than two pictures.
    Source: facebookresearch/dinov2, koleo_loss.py.
    """
    if features.shape[-2] < 2:
        count = features.shape[-2]
        raise ValueError(f"features must hold at least two pictures, got {count}")
    (features,) = promoted(features)
    unit = normalize(features, dim=-1, eps=EPSILON)
    with torch.no_grad():
        itself = torch.eye(unit.shape[-2], dtype=torch.bool, device=unit.device)
        nearest = (unit @ unit.mT).masked_fill(itself, -torch.inf).argmax(-1)
    pair = unit.gather(-2, nearest[..., None].expand_as(unit))
    distances: Tensor = (unit - pair + EPSILON).norm(dim=-1) + EPSILON
    return -distances.log().mean(-1)
