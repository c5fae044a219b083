"""Stand-ins for the queries and keys of a trained model: patches of a film, smooth fields, and their rotations.

Paper: for the rotary positions, LongCat-Video technical report (2025) and its rope_3d.py.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from mmnotes.block_sparse_attention.blocks import Grid
from mmnotes.layers.film_rotation import film_angles
from mmnotes.layers.rotation import rotate_adjacent


def patches(frames: Float[Tensor, "frames channels height width"], *, patch: int) -> Float[Tensor, "tokens features"]:
    """The pixels of every square of a film, frame by frame, row by row.

    Shapes: frames (frames, channels, height, width) -> (frames x rows x columns, channels x patch²).
    Errors: ValueError if squares of ``patch`` pixels do not fit.
    """
    if patch < 1 or frames.shape[2] % patch or frames.shape[3] % patch:
        raise ValueError(f"patch must divide {frames.shape[2]} x {frames.shape[3]} pixels, got {patch}")
    return rearrange(frames, "t c (h p) (w q) -> (t h w) (c p q)", p=patch, q=patch)


def smooth_field(*, grid: Grid, features: int, width: float, seed: int) -> Float[Tensor, "tokens features"]:
    """White noise, blurred alike along time, height and width, each feature with mean 0 and deviation 1.

    It draws random numbers of its own, which cannot be traced.

    Shapes: -> (tokens, features).
    Units: width is the deviation of the blur, in steps of the grid; 0 blurs nothing.
    Errors: ValueError for a negative width.
    """
    if width < 0:
        raise ValueError(f"width must be >= 0, got {width}")
    field = torch.randn(features, 1, *grid, generator=torch.Generator().manual_seed(seed))
    reach = int(3 * width)
    steps = torch.arange(-reach, reach + 1.0)
    bell = torch.exp(-(steps**2) / (2 * width**2)) if width else torch.ones(1)
    for axis in range(3):
        shape, room = [1] * 5, [0] * 3
        shape[2 + axis], room[axis] = len(bell), reach
        field = torch.nn.functional.conv3d(field, bell.view(shape), padding=room)
    tokens = field.flatten(1).T
    return (tokens - tokens.mean(dim=0)) / tokens.std(dim=0)


def alike(
    tokens: Float[Tensor, "tokens features"], *, dim: int, gain: float, seed: int
) -> Float[Tensor, "batch heads tokens dim"]:
    """One vector a token, which is its query and its key: centred features through one random matrix, at one length.

    The score of two tokens is gain² √dim times the cosine of their vectors, so tokens attend to what is like them, the
    more sharply the larger the gain. A gain of 1 is what a norm over the head leaves when its weights are 1.

    It draws random numbers of its own, which cannot be traced.

    Shapes: tokens (tokens, features) -> (1, 1, tokens, dim).
    """
    random = torch.Generator().manual_seed(seed)
    vectors = (tokens - tokens.mean(dim=0)) @ torch.randn(tokens.shape[1], dim, generator=random)
    made: Tensor = gain * dim**0.5 * torch.nn.functional.normalize(vectors, dim=1)
    return made[None, None]


def turned(x: Float[Tensor, "batch heads tokens dim"], *, grid: Grid) -> Float[Tensor, "batch heads tokens dim"]:
    """Queries or keys of a film, turned by their place: some planes by time, some by the row, some by the column.

    Shapes: x (batch, heads, tokens, dim) -> the same.
    Errors: ValueError for a dim that is not a positive multiple of 8.
    Source: LongCat-Video, rope_3d.py, RotaryPositionalEmbedding.
    """
    dim = x.shape[-1]
    if dim < 8 or dim % 8:
        raise ValueError(f"x must have a dim that is a positive multiple of 8, got {dim}")
    frames, height, width = grid
    angles = film_angles(frames=frames, height=height, width=width, head_dim=dim, device=x.device)[None]
    return rotate_adjacent(x, angles.cos(), angles.sin())
