"""A checkpoint of the released names fills the whole model, and what does not fit is listed."""

import pytest
import torch

from mmnotes.qwen3_vl import account
from mmnotes.qwen3_vl.released import fill_qwen3_vl_
from tests.qwen3_vl.cases import ours, reference


@pytest.mark.parametrize("experts", [False, True])
def test_every_weight_arrives(experts):
    state = reference(experts=experts).state_dict()
    model = ours(state, experts=experts)
    assert sum(each.numel() for each in state.values()) == sum(each.total for each in account(model).values())


def test_missing_left_over_and_of_another_shape_are_listed_together():
    state = reference(experts=False).state_dict()
    model = ours(state, experts=False)
    del state["model.language_model.layers.3.self_attn.q_norm.weight"]
    del state["model.visual.deepstack_merger_list.1.norm.bias"]
    state["model.language_model.layers.0.mlp.bias"] = torch.zeros(3)
    state["model.visual.merger.linear_fc2.weight"] = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="state does not fit the module") as raised:
        fill_qwen3_vl_(model, state)
    for line in (
        "missing: language.blocks.3.attention.query_norm.weight",
        "missing: vision.level_mergers.1.norm.bias",
        "unknown: model.language_model.layers.0.mlp.bias",
        "shape: model.visual.merger.linear_fc2.weight is (2, 3), vision.merger.down.weight is (48, 128)",
    ):
        assert line in str(raised.value)


def test_a_tied_head_is_filled_from_the_table():
    state = reference(experts=False).state_dict()
    model = ours(state, experts=False)
    del state["lm_head.weight"]
    fill_qwen3_vl_(model, state)
    assert torch.equal(model.head.weight, model.language.words.weight)


def test_experts_do_not_fit_a_dense_model():
    with pytest.raises(ValueError, match=r"unknown: model\.language_model\.layers\.0\.mlp\.experts\.gate_up_proj"):
        ours(reference(experts=True).state_dict(), experts=False)
