"""Thin edge maps of pictures, and how well one follows another.

Papers: Canny, A computational approach to edge detection (1986), for the thinning; Martin, Fowlkes and Malik, Learning
to detect natural image boundaries (2004), for the score.

Differs: one threshold where Canny has two, and thinning along the rows or the columns only; in the score each pixel
may count for several of the other edge map.
"""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, pad

from mmnotes.layers.precision import promoted, without_autocast

THRESHOLD = 0.08  # of the gradient, a step from black to white being 0.5
_SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


def edge_map(pictures: Float[Tensor, "batch channels height width"]) -> Bool[Tensor, "batch 1 height width"]:
    """Where the colour changes fast, and faster than at the neighbours across the edge.

    Shapes: (batch, channels, height, width) -> (batch, 1, height, width).
    Units: colours from 0 to 1; the slopes are taken at least in float32.
    Source: Canny 1986, section VIII, with Sobel's derivatives of the channel that changes most.
    """
    batch, (colours,) = len(pictures), promoted(pictures)
    sobel = torch.tensor(_SOBEL, dtype=colours.dtype, device=colours.device) / 8
    each = rearrange(pad(colours, (1,) * 4, mode="replicate"), "batch channels h w -> (batch channels) 1 h w")
    with without_autocast(colours.device):
        slopes = conv2d(each, torch.stack([sobel, sobel.mT])[:, None])
    slopes = rearrange(slopes, "(batch channels) two h w -> two batch channels h w", batch=batch)
    steepest = slopes.square().sum(0).argmax(1, keepdim=True)
    across, down = (slope.gather(1, steepest) for slope in slopes)
    steep = (across.square() + down.square()).sqrt()
    wide = pad(steep, (1,) * 4)
    beside = (steep >= wide[..., 1:-1, :-2]) & (steep > wide[..., 1:-1, 2:])
    above = (steep >= wide[..., :-2, 1:-1]) & (steep > wide[..., 2:, 1:-1])
    thin: Tensor = torch.where(across.abs() > down.abs(), beside, above) & (steep > THRESHOLD)
    return thin


def edge_f1(
    found: Bool[Tensor, "batch 1 height width"], wanted: Bool[Tensor, "batch 1 height width"]
) -> Float[Tensor, "batch"]:
    """F1 of two edge maps, where a pixel is met if the other edge map passes within one pixel of it.

    Precision is the share of ``found`` that is met, recall that of ``wanted``; F1 is their harmonic mean, and zero
    where an edge map is empty.

    Shapes: twice (batch, 1, height, width) -> (batch,).
    Units: from 0 (nothing is met) to 1.
    Source: Martin et al. 2004, section 3.1.
    """
    precision, recall = (_met(one, other) for one, other in ((found, wanted), (wanted, found)))
    return 2 * precision * recall / (precision + recall).clamp_min(torch.finfo(precision.dtype).tiny)


def _met(one: Tensor, other: Tensor) -> Tensor:
    """The share of one edge map that lies within a pixel of the other."""
    near = max_pool2d(other.float(), 3, stride=1, padding=1)
    return (one * near).flatten(1).sum(1) / one.flatten(1).sum(1).clamp_min(1)
