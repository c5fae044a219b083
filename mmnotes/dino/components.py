"""The directions in which a picture's patch tokens differ most, as colours: what is alike in them looks alike.

Paper: Oquab et al., DINOv2 (2023), section 7.6 and figure 1, for the first three components as red, green and blue.

Differs: of one picture alone, without a first component that parts the object from the ground.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known


def principal_components(
    tokens: Float[Tensor, "patches dim"], *, count: int
) -> tuple[Float[Tensor, "patches count"], Float[Tensor, "count"]]:
    """Where each token lies along the directions of most variance, and each direction's share of all variance.

    s = (x - mean(x)) V, where V has the leading eigenvectors of the covariance of x. Of the two signs that a direction
    may have, the one with Σ s³ ≥ 0 is taken: what is large stands apart from the others.

    theme/assets/live/components.js does the same in the page, for any tokens that are not all alike.

    Shapes: tokens (patches, dim) -> (patches, count), (count,).
    Errors: ValueError where count is not within 1 and dim, or all tokens are the same.
    Source: Pearson 1901, in the form of an eigenvalue problem.
    """
    dim = tokens.shape[1]
    if not 1 <= count <= dim:
        raise ValueError(f"count must be within 1 and dim = {dim}, got {count}")
    centred = tokens.double() - tokens.double().mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    if values_known(tokens) and not values[-1] > 0:
        raise ValueError(f"tokens must differ, got {len(tokens)} that are the same")
    scores = centred @ vectors[:, -count:].flip(1)
    signs = torch.where(scores.pow(3).sum(0) < 0, -1, 1)
    return (signs * scores).to(tokens), (values[-count:].flip(0).clamp(min=0) / values.sum()).to(tokens)


def as_colours(scores: Float[Tensor, "patches 3"]) -> Float[Tensor, "patches 3"]:
    """Three components as red, green and blue: in each the least is 0 and the most is 1.

    Shapes: scores (patches, 3) -> (patches, 3).
    Source: the notebooks of facebookresearch/dinov2, which take minimum and maximum of each component.
    """
    least, most = scores.amin(0), scores.amax(0)
    return (scores - least) / (most - least).clamp(min=torch.finfo(scores.dtype).tiny)
