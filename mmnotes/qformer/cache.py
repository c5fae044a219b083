"""The captioning pass in two: the queries run alone and leave their keys and values, which the text reads as its past.

Nothing has to forbid the queries to read the text: when they run, there is none. It is how the released code captions
in training, and equals one pass under ``itg_mask``.

Paper: Li et al., BLIP-2 (2023), section 3.2, and its released code.
"""

from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mmnotes.layers.attention import attend
from mmnotes.qformer.block import Block
from mmnotes.qformer.masks import itg_mask
from mmnotes.qformer.model import QFormer

Past = list[tuple[Float[Tensor, "batch queries dim"], Float[Tensor, "batch queries dim"]]]


def queries_past(
    image: Float[Tensor, "batch patches image_dim"],
    *,
    qformer: QFormer,
) -> Past:
    """The keys and the values of the queries in every block's self-attention.

    Shapes: image (batch, patches, image_dim) -> for each block keys and values (batch,
    queries, dim).
    Source: salesforce/LAVIS at 506965b, blip2_qformer.py, line 105, ``use_cache``.
    """
    past, queries = [], qformer.norm(qformer.queries).expand(len(image), -1, -1)
    for block in cast(list[Block], qformer.blocks):
        past.append((block.attention.key(queries), block.attention.value(queries)))
        queries = block(queries, queries[:, :0], image, None)[0]
    return past


def text_after(
    past: Past,
    ids: Int[Tensor, "batch tokens"],
    padding_mask: Bool[Tensor, "batch tokens"],
    *,
    qformer: QFormer,
) -> Float[Tensor, "batch tokens dim"]:
    """The states of a text that reads the past and, backwards, itself.

    Shapes: past as ``queries_past`` returns it, ids and padding_mask (batch, tokens)
    -> (batch, tokens, dim).
    Errors: as ``itg_mask``, and those of the ids as ``WordEmbedding``.
    Source: LAVIS at 506965b, Qformer.py, lines 192, 193 and 743 to 783.
    """
    text: Tensor = qformer.norm(qformer.text(ids))
    queries, blocks = past[0][0].shape[1], cast(list[Block], qformer.blocks)
    mask = itg_mask(queries=queries, padding_mask=padding_mask)[:, queries:]
    for block, (keys, values) in zip(blocks, past, strict=True):
        own = block.attention
        keys = torch.cat([keys, own.key(text)], dim=1)
        values = torch.cat([values, own.value(text)], dim=1)
        read = attend(own.query(text), keys, values, mask, heads=own.heads)
        text = block.text_feed(block.norm(text + own.output(read)))
    return text
