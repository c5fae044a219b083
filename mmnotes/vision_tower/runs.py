"""Attention in a row of patches of many pictures: inside each run, and nowhere else.

Papers: Dehghani et al., Patch n' Pack (2023), for many sizes in one row; Bai et al., Qwen2.5-VL technical report
(2025), section 2.1.1, for pairs of frames and windows.
"""

from collections.abc import Sequence
from itertools import groupby

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.layers.checks import transformed
from mmnotes.layers.rotation import rotate_halves


def attended(
    qkv: Float[Tensor, "patches three_dim"],
    cos: Float[Tensor, "1 patches planes"],
    sin: Float[Tensor, "1 patches planes"],
    *,
    heads: int,
    lengths: Sequence[int],
) -> Float[Tensor, "patches dim"]:
    """Queries, keys and values side by side: the first two turned, then attention inside each run of patches.

    Shapes: qkv (patches, 3 · dim), cos and sin (1, patches, dim / heads / 2) -> (patches, dim).
    Units: lengths in patches; they sum to patches.
    Errors: as ``attend_in_runs``.
    Source: transformers' Qwen3VLVisionAttention and Qwen2_5_VLVisionAttention.
    """
    query, key, value = rearrange(qkv, "patches (three heads d) -> three 1 heads patches d", three=3, heads=heads)
    return attend_in_runs(rotate_halves(query, cos, sin), rotate_halves(key, cos, sin), value, lengths=lengths)


def attend_in_runs(
    query: Float[Tensor, "1 heads patches d"],
    key: Float[Tensor, "1 heads patches d"],
    value: Float[Tensor, "1 heads patches d"],
    *,
    lengths: Sequence[int],
) -> Float[Tensor, "patches dim"]:
    """softmax(Q Kᵀ / √d) V inside each run of patches, heads side by side; neighbouring runs of one length go together.

    Under a transform of ``torch.func`` in two products, since PyTorch's fused attention has no forward-mode slope.

    Shapes: query, key, value (1, heads, patches, d) -> (patches, heads · d).
    Units: lengths in patches; they sum to patches.
    Errors: ValueError where they do not.
    Source: transformers' Qwen3VLVisionAttention, which takes run after run.
    """
    if sum(lengths) != query.shape[2]:
        raise ValueError(f"lengths must sum to the {query.shape[2]} patches of query, got {sum(lengths)}")
    read, start = [], 0
    for length, equal in groupby(lengths):
        runs = len([*equal])
        q, k, v = (
            rearrange(each[0, :, start : start + runs * length], "heads (runs n) d -> runs heads n d", runs=runs)
            for each in (query, key, value)
        )
        read.append(rearrange(_read(q, k, v), "runs heads n d -> (runs n) (heads d)"))
        start += runs * length
    return torch.cat(read)


def _read(
    query: Float[Tensor, "runs heads patches d"],
    key: Float[Tensor, "runs heads patches d"],
    value: Float[Tensor, "runs heads patches d"],
) -> Float[Tensor, "runs heads patches d"]:
    if transformed(query, key, value):
        weights: Tensor = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
        return weights @ value
    return scaled_dot_product_attention(query, key, value)
