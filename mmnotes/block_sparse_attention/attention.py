"""Attention of each block of queries to a few blocks of keys.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), section 3.4.2 and appendix A.2.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mmnotes.block_sparse_attention.blocks import Grid, from_blocks, to_blocks
from mmnotes.block_sparse_attention.choice import block_scores, highest

GATHERED_BYTES = 2**23  # of keys that are copied at once: what fits the caches is read from there again


def block_sparse_attention(
    query: Float[Tensor, "batch heads tokens dim"],
    key: Float[Tensor, "batch heads tokens dim"],
    value: Float[Tensor, "batch heads tokens dim"],
    *,
    grid: Grid,
    block: Grid,
    count: int,
) -> Float[Tensor, "batch heads tokens dim"]:
    """Attention in which each block of queries reads the ``count`` blocks of keys whose
    mean is most alike to its own, and those densely.

    With all blocks it is dense attention. Queries and keys are turned by position
    before they come here: their means are taken after the rotation.

    Shapes: query, key and value (batch, heads, tokens, dim), tokens in the film's
    order -> the same, in the same order.
    Errors: ValueError if blocks do not fit the grid, for other numbers of tokens, or
    for a count that is not from 1 to the number of blocks.
    Source: LongCat-Video, bsa_interface.py, flash_attn_bsa_3d.
    """
    given = (query, key, value)
    queries, keys, values = (to_blocks(x, grid=grid, block=block) for x in given)
    chosen = highest(block_scores(queries, keys), count=count)
    read = attend_blocks(queries, keys, values, chosen)
    return from_blocks(read, grid=grid, block=block)


def attend_blocks(
    query: Float[Tensor, "batch heads query_blocks inside dim"],
    key: Float[Tensor, "batch heads blocks inside dim"],
    value: Float[Tensor, "batch heads blocks inside dim"],
    chosen: Int[Tensor, "batch heads query_blocks chosen"],
) -> Float[Tensor, "batch heads query_blocks inside dim"]:
    """Each block of queries attends to its chosen blocks of keys.

    Shapes: query (batch, heads, query_blocks, inside, dim), key and value (batch,
    heads, blocks, inside, dim), chosen (batch, heads, query_blocks, chosen) -> as query.
    Source: LongCat-Video, bsa_interface.py, attn_fwd_bsa_varlen_triton.
    """
    batch, heads, _, inside, dim = key.shape
    size = batch * heads * chosen.shape[-1] * inside * dim * key.element_size()
    step = max(1, GATHERED_BYTES // max(1, size))
    parts = []
    for some, picked in zip(query.split(step, dim=2), chosen.split(step, dim=2), strict=True):
        keys, values = (gathered_blocks(x, picked) for x in (key, value))
        scores = some @ keys.transpose(-1, -2) / dim**0.5
        parts.append(scores.softmax(dim=-1) @ values)
    return torch.cat(parts, dim=2)


def gathered_blocks(
    x: Float[Tensor, "batch heads blocks inside dim"],
    chosen: Int[Tensor, "batch heads query_blocks chosen"],
) -> Float[Tensor, "batch heads query_blocks context dim"]:
    """The tokens of the chosen blocks, one block after the other.

    Shapes: x (batch, heads, blocks, inside, dim), chosen (batch, heads, query_blocks, chosen) -> (batch, heads,
    query_blocks, chosen x inside, dim).
    """
    batch, heads = (torch.arange(size, device=x.device) for size in x.shape[:2])
    return x[batch[:, None, None, None], heads[:, None, None], chosen].flatten(3, 4)


def partial_attention(
    query: Float[Tensor, "batch heads query_blocks inside dim"],
    key: Float[Tensor, "batch heads blocks inside dim"],
    value: Float[Tensor, "batch heads blocks inside dim"],
    chosen: Int[Tensor, "batch heads query_blocks chosen"],
    valid: Bool[Tensor, "batch heads query_blocks chosen"],
) -> tuple[
    Float[Tensor, "batch heads query_blocks inside dim"],
    Float[Tensor, "batch heads query_blocks inside"],
]:
    """Attention to those of the chosen blocks that are ``valid``, with the logarithm of
    the sum of exponentials, by which parts are put together.

    A query that has no valid block reads zeros, with the logarithm minus infinity.

    Shapes: as ``attend_blocks``, valid as chosen -> (batch, heads, query_blocks,
    inside, dim) and (batch, heads, query_blocks, inside).
    Source: LongCat-Video, bsa_interface.py, block_indices_lens and lse.
    """
    inside = key.shape[3]
    keys, values = (gathered_blocks(x, chosen) for x in (key, value))
    scores = query @ keys.transpose(-1, -2) / key.shape[-1] ** 0.5
    allowed = valid.repeat_interleave(inside, dim=-1)[..., None, :]
    scores = scores.masked_fill(~allowed, float("-inf"))
    logarithm = scores.logsumexp(dim=-1)
    weights = (scores - logarithm[..., None]).exp().masked_fill(~allowed, 0)
    return weights @ values, logarithm
