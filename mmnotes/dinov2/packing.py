"""Crops of unlike sizes in one pass: their tokens in one row, under a mask that keeps crops apart.

Paper: Oquab et al., DINOv2 (2023), section 5, fast and memory-efficient attention and sequence packing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mmnotes.layers.vision_transformer import Tokens, VisionTransformer


class Packed(NamedTuple):
    """All tokens in one row (1, tokens, dim), and the sequence that each belongs to (tokens,)."""

    tokens: Float[Tensor, "1 tokens dim"]
    sequence: Int[Tensor, "tokens"]

    def mask(self) -> Bool[Tensor, "1 tokens tokens"]:
        """Who may attend to whom: a token to those of its own sequence, so blocks along the diagonal."""
        return (self.sequence[:, None] == self.sequence)[None]


def pack(batches: Sequence[Float[Tensor, "_ _ dim"]]) -> Packed:
    """The sequences of all batches behind one another, batch by batch.

    Shapes: each (batch, tokens, dim), with batches and tokens of their own -> (1, all tokens, dim), (all tokens,).
    Errors: ValueError where there is no batch.
    Source: facebookresearch/dinov2, layers/block.py, get_attn_bias_and_cat.
    """
    if not batches:
        raise ValueError("batches must hold at least one batch, got none")
    row = torch.cat([batch.flatten(0, 1) for batch in batches])
    lengths = [batch.shape[1] for batch in batches for _ in range(len(batch))]
    counts = torch.tensor(lengths, device=row.device)
    places = torch.arange(len(lengths), device=row.device).repeat_interleave(counts, output_size=len(row))
    return Packed(row[None], places)


def unpack(
    row: Float[Tensor, "1 tokens dim"], like: Sequence[Float[Tensor, "_ _ dim"]]
) -> list[Float[Tensor, "_ _ dim"]]:
    """What ``pack`` joined, in the shapes of the batches it was made from.

    Shapes: row (1, all tokens, dim), each of like (batch, tokens, dim) -> as like.
    Source: facebookresearch/dinov2, layers/block.py, NestedTensorBlock, which splits by the mask.
    """
    parts = row[0].split([batch.shape[:2].numel() for batch in like])
    return [part.view(len(batch), -1, row.shape[-1]) for part, batch in zip(parts, like, strict=True)]


def packed_tokens(
    model: VisionTransformer,
    pixels: Sequence[Float[Tensor, "_ 3 _ _"]],
    masked: Sequence[Bool[Tensor, "_ _"] | None],
) -> list[Tokens]:
    """What `model` makes of crops of several sizes, in one pass.

    It is the same as a pass for each size.

    Shapes: pixels each (batch, 3, height, width), masked each (batch, patches) or None ->
    Tokens for each.
    Errors: ValueError where pixels and masked are not as many, or as ``VisionTransformer``.
    Source: facebookresearch/dinov2, models/vision_transformer.py, forward_features_list.
    """
    if len(pixels) != len(masked):
        wanted = f"an entry for each of the {len(pixels)} batches"
        raise ValueError(f"masked must have {wanted}, got {len(masked)}")
    given = [model.embed(crops, holes) for crops, holes in zip(pixels, masked, strict=True)]
    packed = pack(given)
    made = unpack(model.norm(model.states(packed.tokens, packed.mask())), given)
    return [Tokens(x[:, 0], x[:, 1 + len(model.registers) :]) for x in made]
