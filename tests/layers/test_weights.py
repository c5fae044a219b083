"""Entries go where their names say, and a state that does not fit changes nothing and is told in full."""

import pytest
import torch
from torch import nn
from transformers import CLIPConfig, CLIPModel

from mmnotes.clip import CLIP, ClassReadout, ImageTower, TextTower
from mmnotes.clip.released import fill_clip_
from mmnotes.layers.weights import fill_
from mmnotes.qformer import QFormer, Retriever
from mmnotes.qformer.released import fill_qformer_

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


def test_the_meta_device_has_nothing_to_fill_nor_to_fill_from():
    """Copying would pass without a word, and the forward pass fail later."""
    with torch.device("meta"):
        empty = module()
    with pytest.raises(ValueError, match="does not fit") as error:
        fill_(empty, state(), names=NAMES)
    lines = str(error.value).splitlines()[1:]
    assert sorted(lines) == sorted(
        f"without memory: {name} of the module is on the meta device" for name in module().state_dict()
    )
    filled, source = module(), state()
    before = {name: value.clone() for name, value in filled.state_dict().items()}
    source["model.second.bias"] = source["model.second.bias"].to("meta")
    with pytest.raises(ValueError, match=r"without memory: model\.second\.bias is on the meta device"):
        fill_(filled, source, names=NAMES)
    assert all(torch.equal(value, before[name]) for name, value in filled.state_dict().items())


def small_clip() -> CLIP:
    readout = ClassReadout(dim=6, features=5)
    image = ImageTower(size=6, patch=3, dim=6, depth=2, heads=2, hidden=7, readout=readout)
    return CLIP(image=image, text=TextTower(vocabulary=11, length=4, dim=10, depth=1, heads=5, hidden=9, features=5))


def clip_state() -> dict[str, torch.Tensor]:
    """The whole state of transformers' model of the same sizes, and the buffers that older versions stored."""
    text = {"hidden_size": 10, "num_hidden_layers": 1, "num_attention_heads": 5, "intermediate_size": 9}
    text |= {"vocab_size": 11, "max_position_embeddings": 4, "bos_token_id": 9, "eos_token_id": 10, "pad_token_id": 0}
    vision = {"hidden_size": 6, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 7}
    vision |= {"image_size": 6, "patch_size": 3}
    state = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=5)).state_dict()
    buffers = {f"{tower}_model.embeddings.position_ids": torch.arange(5)[None] for tower in ("text", "vision")}
    return {**{name: torch.randn_like(value) for name, value in state.items()}, **buffers}


def test_every_entry_of_clip_lands_in_a_parameter_of_its_own():
    clip, state = small_clip(), clip_state()
    fill_clip_(clip, state)
    filled = list(clip.state_dict().values())
    for name, value in state.items():
        landed = sum(each.shape == value.shape and torch.equal(each, value) for each in filled)
        assert landed == (not name.endswith("position_ids")), name
    assert torch.equal(clip.logit_scale, state["logit_scale"])


def test_a_checkpoint_that_is_not_clips_is_told_in_full():
    state = clip_state()
    del state["logit_scale"]
    state["vision_model.head.probe"] = torch.zeros(1)
    state["text_projection.weight"] = torch.zeros(10, 5)
    with pytest.raises(ValueError, match="does not fit") as error:
        fill_clip_(small_clip(), state)
    assert sorted(str(error.value).splitlines()[1:]) == [
        "missing: logit_scale",
        "shape: text_projection.weight is (10, 5), text.projection.weight is (5, 10)",
        "unknown: vision_model.head.probe",
    ]


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
