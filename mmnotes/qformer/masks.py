"""Who may read whom: the three self-attention masks of the Q-Former, one for each of its objectives.

The sequence is the queries followed by the text. A mask is True where the token of a row may attend to the token of a
column. In each the queries read one another, and nobody reads padding; what differs is the other three quarters:

=============  ===========  ===========  ============
objective      query→text   text→query   text→text
=============  ===========  ===========  ============
contrast       no           no           both ways
matching       yes          yes          both ways
captioning     no           yes          backwards
=============  ===========  ===========  ============

Padding stands behind the words. In front of them it could be hidden too, but every word would have another position.

Paper: Li et al., BLIP-2 (2023), sections 3.1 and 3.2 and figure 2.
"""

import torch
from jaxtyping import Bool
from torch import Tensor

from mmnotes.layers.texts import check_padding


def itc_mask(*, queries: int, padding_mask: Bool[Tensor, "batch tokens"]) -> Bool[Tensor, "batch length length"]:
    """Image-text contrast: queries and text do not see each other, as if each ran alone.

    Shapes: padding_mask (batch, tokens), True where there is a word -> (batch, length, length) with length = queries +
    tokens.
    Errors: ValueError for queries < 1, a text without a word, or padding before a word.
    Source: Li et al. 2023, section 3.2, "unimodal self-attention mask"; equals two separate passes, which is how
    LAVIS computes it (lavis/models/blip2_models/blip2_qformer.py).
    """
    return _mask(queries, padding_mask, query_to_text=False, text_to_query=False, causal=False)


def text_mask(*, padding_mask: Bool[Tensor, "batch tokens"]) -> Bool[Tensor, "batch tokens tokens"]:
    """Text alone, without queries: the lower right quarter of ``itc_mask``.

    Shapes: padding_mask (batch, tokens), True where there is a word -> (batch, tokens, tokens).
    Errors: ValueError for a text without a word, or padding before a word.
    Source: as ``itc_mask``.
    """
    return itc_mask(queries=1, padding_mask=padding_mask)[:, 1:, 1:]


def itm_mask(*, queries: int, padding_mask: Bool[Tensor, "batch tokens"]) -> Bool[Tensor, "batch length length"]:
    """Image-text matching: everybody sees everybody.

    Shapes: padding_mask (batch, tokens), True where there is a word -> (batch, length, length) with length = queries +
    tokens.
    Errors: as ``itc_mask``.
    Source: Li et al. 2023, section 3.2, "bi-directional self-attention mask".
    """
    return _mask(queries, padding_mask, query_to_text=True, text_to_query=True, causal=False)


def itg_mask(*, queries: int, padding_mask: Bool[Tensor, "batch tokens"]) -> Bool[Tensor, "batch length length"]:
    """Image-grounded text generation: text sees the queries and the text before it, queries see no text.

    Shapes: padding_mask (batch, tokens), True where there is a word -> (batch, length, length) with length = queries +
    tokens.
    Errors: as ``itc_mask``.
    Source: Li et al. 2023, section 3.2, "multimodal causal self-attention mask"; LAVIS gets it by handing the keys and
    values of the queries' pass to the text as a cache.
    """
    return _mask(queries, padding_mask, query_to_text=False, text_to_query=True, causal=True)


def _mask(
    queries: int,
    padding_mask: Tensor,
    *,
    query_to_text: bool,
    text_to_query: bool,
    causal: bool,
) -> Tensor:
    """The four quarters, and no padding among the columns.

    A row of padding keeps what a word in its place could read: nobody reads its result,
    and a row without any column would have none.
    """
    if queries < 1:
        raise ValueError(f"queries must be at least 1, got {queries}")
    check_padding(padding_mask)
    length = queries + padding_mask.shape[1]
    may = padding_mask.new_ones(length, length)
    may[:queries, queries:] = query_to_text
    may[queries:, :queries] = text_to_query
    if causal:
        may[queries:, queries:] = may[queries:, queries:].tril()
    kept = torch.cat([padding_mask.new_ones(len(padding_mask), queries), padding_mask], 1)
    return may & kept[:, None]
