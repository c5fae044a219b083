"""Thin edge maps of pictures, and how well one follows another.

Papers: Canny, A computational approach to edge detection (1986), for the thinning; Martin, Fowlkes and Malik, Learning
to detect natural image boundaries (2004), for the score.

Differs: one threshold where Canny has two, and thinning along the rows or the columns only; in the score each pixel
may count for several of the other edge map.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import affine_grid, conv2d, grid_sample, max_pool2d, pad

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


def edge_f1_of_all(
    found: Bool[Tensor, "batch 1 height width"], wanted: Bool[Tensor, "samples 1 height width"]
) -> Float[Tensor, "batch samples"]:
    """``edge_f1`` of each edge map with each of the others, for finding the nearest.

    Shapes: (batch, 1, height, width), (samples, 1, height, width) -> (batch, samples).
    Units: as ``edge_f1``.
    Source: as ``edge_f1``.
    """
    (one, other), (near_one, near_other) = ([each(x) for x in (found, wanted)] for each in (_flat, _near))
    precision = one @ near_other.mT / one.sum(1, keepdim=True).clamp_min(1)
    recall = near_one @ other.mT / other.sum(1).clamp_min(1)
    return 2 * precision * recall / (precision + recall).clamp_min(torch.finfo(precision.dtype).tiny)


def turned(
    pictures: Float[Tensor, "batch channels height width"], *, degrees: float
) -> Float[Tensor, "batch channels height width"]:
    """Pictures on white, turned about their centre, as an outline that nobody drew.

    Shapes: kept.
    Units: counterclockwise where rows run down; colours from 0 to 1.
    Source: bilinear, ``torch.nn.functional.grid_sample``.
    """
    (colours,) = promoted(pictures)
    (cos, sin), (height, width) = (f(math.radians(degrees)) for f in (math.cos, math.sin)), pictures.shape[2:]
    rows = [[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]]
    matrix = torch.tensor(rows, dtype=colours.dtype, device=colours.device).expand(len(pictures), -1, -1)
    grid = affine_grid(matrix, list(pictures.shape), align_corners=False)
    return (1 - grid_sample(1 - colours, grid, align_corners=False)).to(pictures.dtype)


def _flat(edges: Tensor) -> Tensor:
    return edges.float().flatten(1)


def _near(edges: Tensor) -> Tensor:
    """Where an edge lies within a pixel."""
    return max_pool2d(edges.float(), 3, stride=1, padding=1).flatten(1)


def _met(one: Tensor, other: Tensor) -> Tensor:
    """The share of one edge map that lies within a pixel of the other."""
    return (_flat(one) * _near(other)).sum(1) / _flat(one).sum(1).clamp_min(1)
