"""Qwen3-VL: grouped attention, experts, the decoder and the whole model."""

from functools import partial

import torch
from torch import Tensor, nn

from mmnotes.deepstack import LevelledTower
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl import (
    Decoder,
    DecoderBlock,
    Experts,
    GroupedAttention,
    Prompt,
    Qwen3VL,
    SwiGLU,
    prompt_of,
    routed,
)
from mmnotes.vision_tower import Grid, VisionTower
from tests.traced import Traced, filled, rand


def attention() -> nn.Module:
    return filled(GroupedAttention(dim=3, heads=4, key_heads=2, d=6))


def experts() -> nn.Module:
    return filled(Experts(dim=3, hidden=5, experts=7, top=2))


def decoder() -> nn.Module:
    feed_forwards = [SwiGLU(dim=3, hidden=5), Experts(dim=3, hidden=2, experts=5, top=2)]
    axes = interleaved([1, 1, 1])
    return filled(Decoder(words=11, dim=3, heads=2, key_heads=1, axes=axes, base=100.0, feed_forwards=feed_forwards))


def model() -> nn.Module:
    tower = VisionTower(channels=1, patch=1, merge=2, side=3, dim=8, depth=2, heads=2, hidden=5)
    vision = LevelledTower(tower=tower, dim=8, merge=2, out=3, levels=[0])
    return filled(Qwen3VL(vision=vision, language=decoder()))


def prompt() -> Prompt:
    return prompt_of([[[1, 2], GRIDS[0], [3]], [[4], GRIDS[1], [5, 6]]], merge=2)


def told() -> tuple[Tensor, ...]:
    """Vectors, tables, a causal mask."""
    turned = rand(2, 5, 3)
    return rand(2, 5, 3), turned.cos(), turned.sin(), torch.ones(2, 5, 5, dtype=torch.bool).tril()


def states(call):
    """A function of vectors and levels, at fixed ids."""
    asked, visual = prompt(), torch.tensor([[False, True, True, False, False], [False, True, False, False, False]])
    return lambda x, level: call(x, asked.position_ids[:, :, :5], None, visual, [level])


def read_by(made):
    """A function of vectors, at fixed ids."""
    places = prompt().position_ids[:, :, :5]
    return lambda x: made.weights(x, places, torch.ones(1, 5, 5, dtype=torch.bool).tril())


GRIDS = [Grid(1, 2, 4), Grid(1, 2, 2)]
# The tower's attention is PyTorch's fused kernel, which has no batching rule.
FUSED = ()
TRACED = [
    Traced("qwen3_vl.GroupedAttention", lambda: (attention(), told())),
    Traced("qwen3_vl.GroupedAttention.turned", lambda: (attention().turned, told()[:3])),
    Traced("qwen3_vl.GroupedAttention.weights", lambda: (attention().weights, told())),
    Traced("qwen3_vl.SwiGLU", lambda: (filled(SwiGLU(dim=3, hidden=7)), (rand(2, 5, 3),))),
    Traced("qwen3_vl.Experts", lambda: (experts(), (rand(2, 5, 3),))),
    Traced("qwen3_vl.routed", lambda: (partial(routed, top=2), (rand(5, 7),))),
    Traced(
        "qwen3_vl.DecoderBlock",
        lambda: (filled(DecoderBlock(dim=3, heads=2, key_heads=1, d=6, feed_forward=experts())), told()),
    ),
    Traced("qwen3_vl.Decoder", lambda: (states(decoder()), (rand(2, 5, 3), rand(3, 3)))),
    Traced("qwen3_vl.Decoder.states", lambda: (states(decoder().states), (rand(2, 5, 3), rand(3, 3)))),
    Traced("qwen3_vl.Decoder.weights", lambda: (read_by(decoder()), (rand(2, 5, 3),))),
    Traced("qwen3_vl.Qwen3VL", lambda: (partial(model(), prompt(), grids=GRIDS), (rand(12, 2),)), FUSED),
    Traced("qwen3_vl.Qwen3VL.inputs", lambda: (partial(model().inputs, prompt(), grids=GRIDS), (rand(12, 2),)), FUSED),
    Traced("qwen3_vl.Qwen3VL.filled", lambda: (partial(model().filled, prompt()), (rand(3, 3),))),
]
UNTRACED = {
    "qwen3_vl.account": "Only sizes are read: there is nothing to trace.",
    "qwen3_vl.generate": "The cache grows as words are said, and what is said is chosen: there is nothing to trace.",
    "qwen3_vl.prompt_of": "Numbers come from lists, before there is a tensor: there is nothing to trace.",
}
