"""Rewards that can be computed from a picture: how blue it is, and how much it resembles what was asked for."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.layers.precision import promoted


def blueness(
    pictures: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch"]:
    """Blue minus the mean of red and green, averaged over the picture: white has 0, blue 1.

    Shapes: pictures (batch, 3, height, width) -> (batch,).
    Units: red, green and blue from 0 to 1.
    """
    (colours,) = promoted(pictures)
    return (colours[:, 2] - colours[:, :2].mean(1)).mean((1, 2)).to(pictures.dtype)


def likeness(
    features: Float[Tensor, "batch dim"],
    wanted: Float[Tensor, "batch dim"],
) -> Float[Tensor, "batch"]:
    """The cosine of a picture's features with those of what was asked for.

    Shapes: features and wanted (batch, dim) -> (batch,).
    Units: -1 to 1.
    Source: ours, in the place of the learned rewards of Liu et al. 2025, section 5.
    """
    seen, aim = (normalize(each, dim=1) for each in promoted(features, wanted))
    return (seen * aim).sum(1).to(features.dtype)


def diversity(
    pictures: Float[Tensor, "samples prompts *rest"],
) -> Float[Tensor, "prompts"]:
    """The root mean square distance of two samples of one prompt, averaged over all pairs.

    Shapes: pictures (samples, prompts, ...) -> (prompts,).
    Units: those of the pictures.
    Errors: ValueError for less than two samples.
    """
    if len(pictures) < 2:
        raise ValueError(f"pictures must be at least 2 samples of each prompt, got {len(pictures)}")
    (values,) = promoted(pictures)
    one, other = torch.triu_indices(len(values), len(values), offset=1)
    apart = (values[one] - values[other]).square().flatten(2).mean(2).sqrt()
    return apart.mean(0).to(pictures.dtype)
