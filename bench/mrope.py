"""MRoPE's tables and position ids against transformers."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLTextConfig
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLRotaryEmbedding
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLTextConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLModel, Qwen3VLTextRotaryEmbedding

from bench.timing import Row, race
from mmnotes.mrope import StampedVideo, Text, interleaved, position_ids_by_timestamp, rotary, sectioned

TOKENS = 4096


def rows() -> Iterator[Row]:
    """Every comparison, in the order it is made."""
    ids = torch.randint(0, 10_000, (3, 1, TOKENS), generator=torch.Generator().manual_seed(0))
    yield table_row("sectioned [16, 24, 24]", sectioned([16, 24, 24]), 1e6, ids, qwen25())
    yield table_row("interleaved [24, 20, 20]", interleaved([24, 20, 20]), 5e6, ids, qwen3())
    yield ids_row()


def table_row(name: str, axes: Tensor, base: float, ids: Tensor, theirs: nn.Module) -> Row:
    """`rotary`, widened as transformers returns it, so that both make the same."""
    x = torch.zeros(1)

    def ours() -> list[Tensor]:
        return [torch.cat([table, table], -1) for table in rotary(ids, axes, base=base)]

    assert all(torch.equal(*tables) for tables in zip(ours(), theirs(x, ids.clone()), strict=True))
    what = f"rotary, {name}, {TOKENS} tokens; transformers"
    return race(what, ours, lambda: theirs(x, ids), aim="1", repeats=41)


def ids_row() -> Row:
    """The ids of a conversation with a film of 60 frame groups, 12 x 20 tokens each."""
    groups, height, width, stamp = 60, 12, 20, 9
    kinds = torch.tensor([[0] * 30 + ([0] * stamp + [2] * (height * width)) * groups + [0] * 20])
    model: Any = Qwen3VLModel.__new__(Qwen3VLModel)
    nn.Module.__init__(model)
    model.config = SimpleNamespace(vision_config=SimpleNamespace(spatial_merge_size=2))
    grid = torch.tensor([[groups, 2 * height, 2 * width]])
    segments = [Text(30), StampedVideo((stamp,) * groups, height, width), Text(20)]
    words = torch.zeros_like(kinds)
    return race(
        "position_ids_by_timestamp, a film of 60 groups; transformers",
        lambda: position_ids_by_timestamp(segments),
        lambda: model.get_rope_index(words, kinds, video_grid_thw=grid),
        aim="1",
        repeats=21,
    )


def qwen25() -> nn.Module:
    """The tables of Qwen2.5-VL."""
    parameters = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
    config = Qwen2_5_VLTextConfig(hidden_size=128, num_attention_heads=1, rope_parameters=parameters)
    return Qwen2_5_VLRotaryEmbedding(config)


def qwen3() -> nn.Module:
    """The tables of Qwen3-VL."""
    parameters = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20]}
    config = Qwen3VLTextConfig(hidden_size=128, head_dim=128, num_attention_heads=1, rope_parameters=parameters)
    return Qwen3VLTextRotaryEmbedding(config)
