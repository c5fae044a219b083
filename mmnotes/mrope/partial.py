"""A head of which only a part is turned.

Source: transformers' Qwen3.5, whose heads of 256 entries turn the first 64.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.rotation import rotate_halves


def rotate_first(
    x: Float[Tensor, "batch heads tokens dim"],
    cos: Float[Tensor, "#batch tokens planes"],
    sin: Float[Tensor, "#batch tokens planes"],
) -> Float[Tensor, "batch heads tokens dim"]:
    """The first 2 * planes entries turned by halves, the rest as they are.

    An entry that is not turned is one whose plane has the frequency zero: what it adds to a score is the same at every
    distance.

    Shapes: x (batch, heads, tokens, dim), cos and sin (batch or 1, tokens, planes) with 2 * planes <= dim -> (batch,
    heads, tokens, dim).
    Units: cos and sin of the angles; the result has the dtype of x.
    Errors: ValueError for more than dim / 2 planes.
    Source: transformers' apply_rotary_pos_emb of Qwen3.5, which it equals up to rounding.
    """
    turned = 2 * cos.shape[-1]
    if turned > x.shape[-1]:
        raise ValueError(f"cos and sin must have at most dim / 2 = {x.shape[-1] // 2} planes, got {cos.shape[-1]}")
    return torch.cat([rotate_halves(x[..., :turned], cos, sin), x[..., turned:]], dim=-1)
