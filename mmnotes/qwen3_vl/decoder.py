"""The language model of Qwen3-VL: decoder layers with grouped queries, normalised queries and keys, and MRoPE.

Papers: Yang et al., Qwen3 technical report (2025), section 2; Ainslie et al., GQA (2023); Bai et al., Qwen3-VL
technical report (2025), section 2.
"""

from collections.abc import Sequence
from typing import cast

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.deepstack import with_level
from mmnotes.layers.attention import causal_mask
from mmnotes.layers.rotation import rotate_halves
from mmnotes.mrope import rotary

EPSILON = 1e-6


class Cache:
    """Keys and values of the tokens so far, layer by layer, so that a new token runs alone.

    Shapes: keys and values (batch, key heads, tokens, d) each, none at first.
    """

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def extended_(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of a layer, the new ones at the end; they are kept."""
        if layer == len(self.keys):
            self.keys.append(key)
            self.values.append(value)
        else:
            self.keys[layer] = torch.cat([self.keys[layer], key], dim=2)
            self.values[layer] = torch.cat([self.values[layer], value], dim=2)
        return self.keys[layer], self.values[layer]

    def __len__(self) -> int:
        """How many tokens are kept."""
        return self.keys[0].shape[2] if self.keys else 0


class GroupedAttention(nn.Module):
    """Attention in which several query heads share one key head; each query and key is normalised, then turned.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim); cos and sin (1 or batch, tokens, d / 2); mask (1 or batch,
    tokens, context), True where a row may attend, with context the kept tokens and these.
    Errors: ValueError where key_heads does not divide heads.
    Source: transformers' Qwen3VLTextAttention; Ainslie et al. 2023, section 2.2.
    """

    def __init__(self, *, dim: int, heads: int, key_heads: int, d: int) -> None:
        super().__init__()
        if key_heads < 1 or heads % key_heads:
            raise ValueError(f"key_heads must divide heads = {heads}, got {key_heads}")
        self.d = d
        self.query = nn.Linear(dim, heads * d, bias=False)
        self.key, self.value = nn.Linear(dim, key_heads * d, bias=False), nn.Linear(dim, key_heads * d, bias=False)
        self.query_norm, self.key_norm = nn.RMSNorm(d, eps=EPSILON), nn.RMSNorm(d, eps=EPSILON)
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
        value = rearrange(self.value(x), "batch tokens (heads d) -> batch heads tokens d", d=self.d)
        if cache is not None:
            key, value = cache.extended_(layer, key, value)
        read = scaled_dot_product_attention(query, key, value, mask[:, None], enable_gqa=True)
        output: Tensor = self.output(rearrange(read, "batch heads tokens d -> batch tokens (heads d)"))
        return output

    def turned(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Float[Tensor, "#batch tokens planes"],
        sin: Float[Tensor, "#batch tokens planes"],
    ) -> tuple[Float[Tensor, "batch heads tokens d"], Float[Tensor, "batch key_heads tokens d"]]:
        """Queries and keys, normalised over d and turned."""
        query, key = (
            rearrange(each(x), "batch tokens (heads d) -> batch heads tokens d", d=self.d)
            for each in (self.query, self.key)
        )
        return rotate_halves(self.query_norm(query), cos, sin), rotate_halves(self.key_norm(key), cos, sin)

    def weights(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Float[Tensor, "#batch tokens planes"],
        sin: Float[Tensor, "#batch tokens planes"],
        mask: Bool[Tensor, "#batch tokens tokens"],
    ) -> Float[Tensor, "batch heads tokens tokens"]:
        """The softmax that ``forward`` multiplies the values with, without a cache; rows sum to one."""
        query, key = self.turned(x, cos, sin)
        key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)
        scores = query @ key.transpose(-1, -2) / self.d**0.5
        weights: Tensor = scores.masked_fill(~mask[:, None], float("-inf")).softmax(-1)
        return weights


class DecoderBlock(nn.Module):
    """x + attention(norm(x)), then x + feed_forward(norm(x)).

    Shapes: as ``GroupedAttention``; feed_forward takes and returns (batch, tokens, dim).
    Errors: as ``GroupedAttention``.
    Source: transformers' Qwen3VLTextDecoderLayer and, with ``Experts``, Qwen3VLMoeTextDecoderLayer.
    """

    def __init__(self, *, dim: int, heads: int, key_heads: int, d: int, feed_forward: nn.Module) -> None:
        super().__init__()
        self.attention_norm, self.feed_forward_norm = nn.RMSNorm(dim, eps=EPSILON), nn.RMSNorm(dim, eps=EPSILON)
        self.attention = GroupedAttention(dim=dim, heads=heads, key_heads=key_heads, d=d)
        self.feed_forward = feed_forward

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        cos: Float[Tensor, "#batch tokens planes"],
        sin: Float[Tensor, "#batch tokens planes"],
        mask: Bool[Tensor, "#batch tokens context"],
        cache: Cache | None = None,
        layer: int = 0,
    ) -> Float[Tensor, "batch tokens dim"]:
        """Both steps, attention first."""
        x = x + self.attention(self.attention_norm(x), cos, sin, mask, cache, layer)
        added: Tensor = self.feed_forward(self.feed_forward_norm(x))
        return x + added


class Decoder(nn.Module):
    """Decoder layers over vectors of words and of pictures; levels of a vision tower join after the first of them.

    ``axes`` says which of its three position ids each plane of a head reads, as ``interleaved`` makes it; there is a
    layer for each of ``feed_forwards``.

    Shapes: x (batch, tokens, dim), position_ids (3, batch, tokens) -> (batch, tokens, dim).
    Errors: ValueError where there are more levels than layers; as ``GroupedAttention`` and ``with_level``.
    Source: transformers' Qwen3VLTextModel.
    """

    axes: Int[Tensor, "planes"]

    def __init__(
        self,
        *,
        words: int,
        dim: int,
        heads: int,
        key_heads: int,
        axes: Int[Tensor, "planes"],
        base: float,
        feed_forwards: Sequence[nn.Module],
    ) -> None:
        super().__init__()
        self.base = base
        self.register_buffer("axes", axes, persistent=False)
        self.words = nn.Embedding(words, dim)
        sizes = {"dim": dim, "heads": heads, "key_heads": key_heads, "d": 2 * len(axes)}
        self.blocks = nn.ModuleList(DecoderBlock(feed_forward=each, **sizes) for each in feed_forwards)
        self.norm = nn.RMSNorm(dim, eps=EPSILON)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        position_ids: Int[Tensor, "3 batch tokens"],
        mask: Bool[Tensor, "#batch tokens context"] | None = None,
        visual: Bool[Tensor, "batch tokens"] | None = None,
        levels: Sequence[Float[Tensor, "visual dim"]] = (),
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch tokens dim"]:
        """The states after the last layer, normalised; without a mask every token reads itself and what came before."""
        normed: Tensor = self.norm(self.states(x, position_ids, mask, visual, levels, cache)[-1])
        return normed

    def states(
        self,
        x: Float[Tensor, "batch tokens dim"],
        position_ids: Int[Tensor, "3 batch tokens"],
        mask: Bool[Tensor, "#batch tokens context"] | None = None,
        visual: Bool[Tensor, "batch tokens"] | None = None,
        levels: Sequence[Float[Tensor, "visual dim"]] = (),
        cache: Cache | None = None,
    ) -> list[Float[Tensor, "batch tokens dim"]]:
        """x, then the states after each layer, the level of that layer added."""
        if len(levels) > len(self.blocks) or (len(levels) and visual is None):
            raise ValueError(f"levels must be at most one a layer, with visual given, got {len(levels)}")
        if mask is None:
            mask = causal_mask(num_tokens=x.shape[1] + len(cache or ()), device=x.device)[:, -x.shape[1] :]
        cos, sin = rotary(position_ids, self.axes, base=self.base)
        states = [x]
        for layer, block in enumerate(self.blocks):
            x = cast("DecoderBlock", block)(x, cos, sin, mask, cache, layer)
            if layer < len(levels) and visual is not None:
                x = with_level(x, visual, levels[layer])
            states.append(x)
        return states
