"""Attention of Qwen3: several query heads share a key head, and queries and keys have one length.

Papers: Ainslie et al., GQA (2023), section 2.2; Yang et al., Qwen3 technical report (2025), section 2, for the norms.
"""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.layers.checks import transformed
from mmnotes.layers.rotation import rotate_halves
from mmnotes.qwen3_vl.cache import Cache

EPSILON = 1e-6


class GroupedAttention(nn.Module):
    """softmax(Q Kᵀ / √d) V, in which each key head serves heads / key_heads query heads.

    Each query and key is divided by its root mean square over d, times a learned gain, and
    then turned. So its length is that of the gain, whatever x is.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim); cos and sin (1 or batch, tokens,
    d / 2); mask (1 or batch, tokens, context), True where a row may attend, with context
    the kept tokens and these.
    Errors: ValueError where key_heads does not divide heads, or for an odd d.
    Source: Ainslie et al. 2023, section 2.2; transformers' Qwen3VLTextAttention.
    """

    def __init__(self, *, dim: int, heads: int, key_heads: int, d: int) -> None:
        super().__init__()
        if key_heads < 1 or heads < 1 or heads % key_heads:
            raise ValueError(f"key_heads must divide heads = {heads}, got {key_heads}")
        if d < 2 or d % 2:
            raise ValueError(f"d must be even, since planes are turned, got {d}")
        self.d = d
        self.query = nn.Linear(dim, heads * d, bias=False)
        self.key = nn.Linear(dim, key_heads * d, bias=False)
        self.value = nn.Linear(dim, key_heads * d, bias=False)
        self.query_norm = nn.RMSNorm(d, eps=EPSILON)
        self.key_norm = nn.RMSNorm(d, eps=EPSILON)
        self.output = nn.Linear(heads * d, dim, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Float[Tensor, "#batch tokens planes"],
        sin: Float[Tensor, "#batch tokens planes"],
        mask: Bool[Tensor, "#batch tokens context"],
        cache: Cache | None = None,
        layer: int = 0,
    ) -> Float[Tensor, "batch tokens dim"]:
        """What the tokens read of what came before and of themselves."""
        query, key = self.turned(x, cos, sin)
        value = self.value(x).unflatten(-1, (-1, self.d)).transpose(1, 2)
        if cache is not None:
            key, value = cache.extended_(layer, key, value)
        if transformed(query, key, value):
            read = weights_of(query, key, mask) @ repeated(value, heads=query.shape[1])
        else:
            allowed = mask[:, None]
            read = scaled_dot_product_attention(query, key, value, allowed, enable_gqa=True)
        joined = rearrange(read, "batch heads tokens d -> batch tokens (heads d)")
        output: Tensor = self.output(joined)
        return output

    def turned(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Float[Tensor, "#batch tokens planes"],
        sin: Float[Tensor, "#batch tokens planes"],
    ) -> tuple[Float[Tensor, "batch heads tokens d"], Float[Tensor, "batch key_heads tokens d"]]:
        """Queries and keys, normalised over d and turned, all heads at once."""
        query, key = (each(x).unflatten(-1, (-1, self.d)).transpose(1, 2) for each in (self.query, self.key))
        both = torch.cat([self.query_norm(query), self.key_norm(key)], dim=1)
        turned = rotate_halves(both, cos, sin)
        return turned[:, : query.shape[1]], turned[:, query.shape[1] :]

    def weights(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Float[Tensor, "#batch tokens planes"],
        sin: Float[Tensor, "#batch tokens planes"],
        mask: Bool[Tensor, "#batch tokens tokens"],
    ) -> Float[Tensor, "batch heads tokens tokens"]:
        """The softmax that ``forward`` multiplies the values with, without a cache; rows sum to one."""
        return weights_of(*self.turned(x, cos, sin), mask)


def weights_of(
    query: Float[Tensor, "batch heads tokens d"],
    key: Float[Tensor, "batch key_heads context d"],
    mask: Bool[Tensor, "#batch tokens context"],
) -> Float[Tensor, "batch heads tokens context"]:
    """softmax(Q Kᵀ / √d), in which each key head serves heads / key_heads query heads; rows sum to one.

    Shapes: query (batch, heads, tokens, d), key (batch, key_heads, context, d) -> (batch, heads, tokens, context).
    Source: Ainslie et al. 2023, section 2.2.
    """
    scores = query @ repeated(key, heads=query.shape[1]).transpose(-1, -2) / query.shape[-1] ** 0.5
    weights: Tensor = scores.masked_fill(~mask[:, None], float("-inf")).softmax(-1)
    return weights


def repeated(x: Float[Tensor, "batch key_heads tokens d"], *, heads: int) -> Float[Tensor, "batch heads tokens d"]:
    """A key head for each query head: neighbouring query heads share one.

    Shapes: x (batch, key_heads, tokens, d) -> (batch, heads, tokens, d).
    Source: transformers' repeat_kv.
    """
    return x.repeat_interleave(heads // x.shape[1], dim=1)
