"""Entries go where their names say, and a state that does not fit changes nothing and is told in full."""

import pytest
import torch
from torch import nn

from mmnotes.qformer import QFormer, Retriever
from mmnotes.weights import fill_, fill_qformer_

NAMES = [(r"model\.(first|second)\.(\w+)", r"\1.\2"), (r"model\.position_ids", "")]


def module() -> nn.Module:
    return nn.ModuleDict({"first": nn.Linear(2, 3), "second": nn.Linear(3, 5)})


def state() -> dict[str, torch.Tensor]:
    entries = {f"model.{name}": torch.randn_like(value) for name, value in module().state_dict().items()}
    return {**entries, "model.position_ids": torch.arange(7)}


def test_every_entry_is_copied():
    filled, source = module(), state()
    fill_(filled, source, names=NAMES)
    for name, value in filled.state_dict().items():
        assert torch.equal(value, source[f"model.{name}"])
    source["model.first.weight"].zero_()
    assert filled["first"].weight.abs().sum() > 0


def test_all_that_does_not_fit_is_one_error_and_nothing_is_written():
    filled, source = module(), state()
    before = {name: value.clone() for name, value in filled.state_dict().items()}
    del source["model.first.bias"]
    source["model.third.weight"] = torch.zeros(1)
    source["model.second.weight"] = torch.zeros(3, 5)
    with pytest.raises(ValueError, match="does not fit") as error:
        fill_(filled, source, names=NAMES)
    lines = str(error.value).splitlines()[1:]
    assert sorted(lines) == [
        "missing: first.bias",
        "shape: model.second.weight is (3, 5), second.weight is (5, 3)",
        "unknown: model.third.weight",
    ]
    assert all(torch.equal(value, before[name]) for name, value in filled.state_dict().items())


def test_a_language_variant_of_blip2_has_no_text_half_and_the_error_says_so():
    """Its entries are named alike; what a Retriever has besides is listed, and nothing is written."""
    retriever = Retriever(
        QFormer(dim=6, heads=2, depth=2, hidden=5, queries=3, image_dim=4, words=7, positions=8), shared_dim=5
    )
    before = {name: value.clone() for name, value in retriever.state_dict().items()}
    state = {"query_tokens": torch.ones(1, 3, 6), "language_model.lm_head.weight": torch.ones(7, 6)}
    with pytest.raises(ValueError, match="does not fit") as error:
        fill_qformer_(retriever, state)
    message = str(error.value)
    assert "unknown: language_model.lm_head.weight" in message and "missing: qformer.text.words.weight" in message
    assert "missing: qformer.blocks.1.text_feed.up.weight" in message and "missing: qformer.queries" not in message
    assert all(torch.equal(value, before[name]) for name, value in retriever.state_dict().items())
