"""The language model of Qwen3-VL: layers that norm before each of their two steps, with MRoPE and levels.

Papers: Yang et al., Qwen3 technical report (2025), section 2; Bai et al., Qwen3-VL technical report (2025), section 2.
"""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from mmnotes.deepstack import with_level
from mmnotes.mrope import rotary
from mmnotes.qwen3_vl.cache import Cache
from mmnotes.qwen3_vl.grouped_attention import EPSILON, GroupedAttention


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
            kept = len(cache or ())
            mask = torch.ones(1, x.shape[1], kept + x.shape[1], dtype=torch.bool, device=x.device).tril(kept)
        cos, sin = rotary(position_ids, self.axes, base=self.base)
        states = [x]
        for layer, block in enumerate(self.blocks):
            x = cast("DecoderBlock", block)(x, cos, sin, mask, cache, layer)
            if layer < len(levels) and visual is not None:
                x = with_level(x, visual, levels[layer])
            states.append(x)
        return states

    def weights(
        self,
        x: Float[Tensor, "batch tokens dim"],
        position_ids: Int[Tensor, "3 batch tokens"],
        mask: Bool[Tensor, "#batch tokens tokens"],
        visual: Bool[Tensor, "batch tokens"] | None = None,
        levels: Sequence[Float[Tensor, "visual dim"]] = (),
    ) -> list[Float[Tensor, "batch heads tokens tokens"]]:
        """What each token reads of which, layer by layer, without a cache; rows sum to one."""
        cos, sin = rotary(position_ids, self.axes, base=self.base)
        states = self.states(x, position_ids, mask, visual, levels)
        layers = [(cast("DecoderBlock", block), state) for block, state in zip(self.blocks, states, strict=False)]
        return [block.attention.weights(block.attention_norm(state), cos, sin, mask) for block, state in layers]
