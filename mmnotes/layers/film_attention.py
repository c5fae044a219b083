"""The two attentions of a film: among its tokens, where clean frames come first, and of its noisy tokens on the text.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), section 3.
"""

from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.layers.attention import split_heads
from mmnotes.layers.checks import transformed
from mmnotes.layers.rotation import rotate_adjacent

EPSILON = 1e-6  # of all norms


class Kept(NamedTuple):
    """Keys and values of the clean frames in one layer: keys after their norm, before they are turned."""

    key: Float[Tensor, "batch heads clean head_dim"]
    value: Float[Tensor, "batch heads clean head_dim"]


def film_read(
    query: Float[Tensor, "batch heads tokens head_dim"],
    key: Float[Tensor, "batch heads context head_dim"],
    value: Float[Tensor, "batch heads context head_dim"],
) -> Float[Tensor, "batch heads tokens head_dim"]:
    """softmax(Q Kᵀ / √d) V of heads that are apart; under a transform of ``torch.func`` in two products.

    Shapes: query (batch, heads, tokens, head_dim), key and value (batch, heads, context, head_dim) -> that of query.
    Source: Vaswani et al. 2017, equation 1.
    """
    if transformed(query, key, value):
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        read: Tensor = scores.softmax(-1) @ value
        return read
    return scaled_dot_product_attention(query, key, value)


class FilmAttention(nn.Module):
    """Self-attention in which clean tokens read clean ones, and noisy tokens read all.

    Queries and keys of each head are brought to length √d by a root mean square norm with learned scales, and then
    turned by where they stand in the film.

    Shapes: x (batch, tokens, dim), cos and sin (1, all, head_dim / 2) -> (batch, tokens, dim).
    Errors: ValueError where heads does not divide dim.
    Source: LongCat-Video, longcat_video/modules/attention.py, class Attention.
    """

    def __init__(self, *, dim: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or dim % heads:
            raise ValueError(f"heads must divide dim = {dim}, got {heads}")
        self.heads = heads
        self.qkv, self.output = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.query_norm = nn.RMSNorm(dim // heads, eps=EPSILON)
        self.key_norm = nn.RMSNorm(dim // heads, eps=EPSILON)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Tensor,
        sin: Tensor,
        *,
        clean: int,
        kept: Kept | None = None,
    ) -> tuple[Float[Tensor, "batch tokens dim"], Kept]:
        """What each token reads, and the keys and values of these tokens.

        The first ``clean`` of the tokens are clean. With ``kept``, x holds noisy tokens
        only, and the clean ones before them are known by their keys and values; the
        tables cos and sin are those of the whole film either way.
        """
        query, key, value = self.projected(x)
        own = Kept(key, value)
        if kept is not None:
            key = torch.cat([kept.key, key], dim=2)
            value = torch.cat([kept.value, value], dim=2)
        late = cos.shape[1] - query.shape[2]
        query = rotate_adjacent(query, cos[:, late:], sin[:, late:])
        key = rotate_adjacent(key, cos, sin)
        read = film_read(query[:, :, clean:], key, value)
        if clean:
            first = query[:, :, :clean], key[:, :, :clean], value[:, :, :clean]
            read = torch.cat([film_read(*first), read], dim=2)
        return self.output(read.transpose(1, 2).flatten(2)), own

    def projected(self, x: Float[Tensor, "batch tokens dim"]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (batch, heads, tokens, head_dim), normed and not turned."""
        query, key, value = (split_heads(part, heads=self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        return self.query_norm(query), self.key_norm(key), value


class TextAttention(nn.Module):
    """Attention of film tokens on the tokens of a text, with norms of queries and keys and no positions.

    Shapes: x (batch, tokens, dim), text (batch, words, dim) -> (batch, tokens, dim).
    Errors: ValueError where heads does not divide dim.
    Source: LongCat-Video, longcat_video/modules/attention.py, class MultiHeadCrossAttention.
    """

    def __init__(self, *, dim: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or dim % heads:
            raise ValueError(f"heads must divide dim = {dim}, got {heads}")
        self.heads = heads
        self.query, self.key_value, self.output = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.query_norm = nn.RMSNorm(dim // heads, eps=EPSILON)
        self.key_norm = nn.RMSNorm(dim // heads, eps=EPSILON)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], text: Float[Tensor, "batch words dim"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads of the text."""
        query = self.query_norm(split_heads(self.query(x), heads=self.heads))
        key, value = (split_heads(part, heads=self.heads) for part in self.key_value(text).chunk(2, dim=-1))
        read = film_read(query, self.key_norm(key), value)
        output: Tensor = self.output(rearrange(read, "batch heads tokens d -> batch tokens (heads d)"))
        return output
