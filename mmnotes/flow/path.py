"""The straight path from data to noise, the velocity along it, and the loss that learns it.

Papers: Lipman et al., Flow matching for generative modeling (2023); Liu et al., Flow straight and fast (2023).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted


def on_path(
    data: Float[Tensor, "batch *rest"], noise: Float[Tensor, "batch *rest"], t: Float[Tensor, "batch"]
) -> Float[Tensor, "batch *rest"]:
    """The point of the straight path at time t: x_t = (1 - t) data + t noise.

    >>> on_path(torch.tensor([[4.0]]), torch.tensor([[8.0]]), torch.tensor([0.25]))
    tensor([[5.]])

    Shapes: data and noise (batch, ...), t (batch,) -> (batch, ...).
    Units: t from 0 (data) to 1 (noise); the result has the dtype of the data, computed at least in float32.
    Source: Liu et al. 2023, equation 1; Esser et al. 2024, equation 13.
    """
    start, end, share = promoted(data, noise, per_sample(t, data))
    return ((1 - share) * start + share * end).to(data.dtype)


def flow_loss(
    velocity: Float[Tensor, "batch *rest"], data: Float[Tensor, "batch *rest"], noise: Float[Tensor, "batch *rest"]
) -> Float[Tensor, ""]:
    """The mean squared distance of a velocity from noise - data, the derivative of the path.

    Its least value is not zero: many paths cross at one point, and the best velocity there is their mean.

    Shapes: three times (batch, ...) -> ().
    Units: in float32 for half precision.
    Errors: ValueError where there is nothing to average.
    Source: Lipman et al. 2023, equation 9, for the straight path.
    """
    if not velocity.numel():
        raise ValueError(f"velocity must hold at least one number, got the shape {tuple(velocity.shape)}")
    velocity, data, noise = promoted(velocity, data, noise)
    return (velocity - (noise - data)).square().mean()


def mixture_velocity(
    x: Float[Tensor, "batch dim"],
    t: Float[Tensor, "batch"],
    centres: Float[Tensor, "centres dim"],
    *,
    spread: float,
) -> Float[Tensor, "batch dim"]:
    """The true velocity where the data are equal parts of round Gaussians: what a perfect
    network would learn.

    Given the centre c, x_t is Gaussian with mean (1 - t) c and variance
    (1 - t)² spread² + t², and noise - data given x_t is linear in x_t. The velocity is the
    mean of these over the centres, each weighted by how likely x_t is under it.

    Shapes: x (batch, dim), t (batch,), centres (centres, dim) -> (batch, dim).
    Units: t from 0 (data) to 1 (noise); spread in those of x.
    Errors: ValueError for a spread that is not positive, or without centres.
    Source: Lipman et al. 2023, equations 8 and 21, for the straight path.
    """
    if not spread > 0:
        raise ValueError(f"spread must be positive, got {spread}")
    if not len(centres):
        raise ValueError("centres must be at least 1, got 0")
    points, share, centres = promoted(x, t[:, None, None], centres)
    variance = ((1 - share) * spread).square() + share.square()
    apart = points[:, None] - (1 - share) * centres
    likely = torch.softmax(-apart.square().sum(2, keepdim=True) / (2 * variance), dim=1)
    each = (share - (1 - share) * spread**2) / variance * apart - centres
    return (likely * each).sum(1).to(x.dtype)


def per_sample(values: Float[Tensor, "batch"], x: Float[Tensor, "batch *rest"]) -> Tensor:
    """One number a sample, shaped to multiply x.

    Shapes: values (batch,), x (batch, ...) -> (batch, 1, ..., 1) with as many axes as x.
    """
    return values.reshape(-1, *[1] * (x.ndim - 1))
