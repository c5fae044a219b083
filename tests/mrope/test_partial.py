"""A head turned in part: transformers' Qwen3.5, the two limits, what the rest of the head adds, bad inputs."""

import pytest
import torch
from transformers.models.qwen3_5.configuration_qwen3_5 import Qwen3_5TextConfig
from transformers.models.qwen3_5.modeling_qwen3_5 import Qwen3_5TextRotaryEmbedding, apply_rotary_pos_emb

from mmnotes.layers.rotation import rotate_halves
from mmnotes.mrope import axis_frequencies, interleaved, rotary, rotate_first
from mmnotes.rope import position_kernel


def some_ids(tokens):
    return torch.randint(0, 900, (3, 2, tokens), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("dim", "sections"), [(256, [11, 11, 10]), (64, [3, 3, 2])])
def test_tables_and_heads_are_qwen_3_5(dim, sections):
    parameters = {
        "rope_type": "default",
        "rope_theta": 1e7,
        "mrope_section": sections,
        "partial_rotary_factor": 2 * sum(sections) / dim,
    }
    config = Qwen3_5TextConfig(head_dim=dim, rope_parameters=parameters)
    ids = some_ids(13)
    theirs = Qwen3_5TextRotaryEmbedding(config)(torch.zeros(1), ids.clone())
    cos, sin = rotary(ids, interleaved(sections), base=1e7)
    assert torch.equal(torch.cat([cos, cos], -1), theirs[0]) and torch.equal(torch.cat([sin, sin], -1), theirs[1])
    generator = torch.Generator().manual_seed(1)
    q, k = (torch.randn(2, heads, 13, dim, generator=generator) for heads in (3, 1))
    for ours, expected in zip((q, k), apply_rotary_pos_emb(q, k, *theirs), strict=True):
        torch.testing.assert_close(rotate_first(ours, cos, sin), expected)


def test_the_defaults_of_the_class():
    config = Qwen3_5TextConfig()
    assert config.rope_parameters["partial_rotary_factor"] == 0.25 and config.head_dim == 256
    assert interleaved([11, 11, 10]).tolist() == [0, 1, 2] * 10 + [0, 1]


def test_all_planes_and_none():
    cos, sin = rotary(some_ids(5), interleaved([3, 2, 2]), base=100.0)
    x = torch.randn(2, 3, 5, 14, generator=torch.Generator().manual_seed(1))
    assert torch.equal(rotate_first(x, cos, sin), rotate_halves(x, cos, sin))
    assert torch.equal(rotate_first(x, cos[..., :0], sin[..., :0]), x)


def test_the_rest_is_a_plane_of_frequency_zero():
    vectors = axis_frequencies(interleaved([3, 2, 2]), base=100.0)
    offset = torch.tensor([7.0, 2.0, -3.0], dtype=torch.float64)
    whole = position_kernel(offset, torch.cat([vectors, torch.zeros(3, 3, dtype=torch.float64)]))
    found = (vectors @ offset)[None, None]
    ones = torch.ones(1, 1, 1, 20, dtype=torch.float64)
    score = (ones * rotate_first(ones, found.cos(), found.sin())).sum() / 20
    torch.testing.assert_close(score, whole)


def test_too_many_planes():
    cos, sin = rotary(some_ids(5), interleaved([3, 2, 2]), base=100.0)
    with pytest.raises(ValueError, match="at most dim / 2 = 6 planes, got 7"):
        rotate_first(torch.zeros(2, 3, 5, 12), cos, sin)
