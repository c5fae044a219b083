"""Released towers: how many numbers each has, and that loading lists what is missing, left over or of another shape."""

import pytest
import torch
from transformers import SiglipVisionConfig, SiglipVisionModel
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import Qwen2_5_VLVisionConfig
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLVisionConfig
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VisionTransformerPretrainedModel
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLVisionConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLVisionModel

from mmnotes.vision_tower import Merger, VisionBlock, VisionTower, WindowTower
from mmnotes.vision_tower.released import (
    QWEN3,
    QWEN3_TOWERS,
    QWEN25,
    QWEN25_TOWERS,
    fill_tower_,
    fill_window_tower_,
)
from tests.vision_tower.cases import SIZES, towers, window_towers


def count(module):
    return sum(value.numel() for value in module.parameters())


@pytest.fixture
def meta():
    with torch.device("meta"):
        yield


def ours(name):
    """The tower of Qwen3-VL without its mergers, and the merger at its end."""
    sizes = {key: value for key, value in QWEN3_TOWERS[name].items() if key not in ("levels", "out")}
    return VisionTower(**QWEN3, **sizes), Merger(dim=sizes["dim"], merge=2, out=QWEN3_TOWERS[name]["out"])


@pytest.mark.parametrize("name", QWEN3_TOWERS)
def test_qwen3_towers_have_as_many_parameters_as_those_of_transformers(meta, name):
    own = QWEN3_TOWERS[name]
    config = Qwen3VLVisionConfig(
        depth=own["depth"], hidden_size=own["dim"], intermediate_size=own["hidden"], num_heads=own["heads"],
        out_hidden_size=own["out"], deepstack_visual_indexes=own["levels"],
    )  # fmt: skip
    theirs = Qwen3VLVisionModel(config)
    tower, merger = ours(name)
    assert count(merger) == count(theirs.merger)
    assert count(tower) == count(theirs) - count(theirs.merger) - count(theirs.deepstack_merger_list)


def test_the_tower_of_the_largest_is_what_the_errata_say(meta):
    tower, merger = ours("Qwen3-VL-235B-A22B")
    assert count(tower) == 415_891_440 and count(merger) == 40_119_040
    assert (count(tower.patch), tower.table.numel()) == (1_770_624, 2_654_208)
    assert count(tower.blocks) == 411_466_608
    small, _ = ours("Qwen3-VL-2B")
    assert count(small) == 306_242_560


def test_its_blocks_are_those_of_siglip(meta):
    """The shape-optimised SigLIP of width 1152 has 27 such blocks: no other vision tower needs to be supposed."""
    siglip = SiglipVisionModel(
        SiglipVisionConfig(hidden_size=1152, intermediate_size=4304, num_hidden_layers=27, num_attention_heads=16)
    )
    blocks = [value for name, value in siglip.named_parameters() if "encoder.layers" in name]
    assert sum(value.numel() for value in blocks) == count(ours("Qwen3-VL-8B")[0].blocks)


@pytest.mark.parametrize("name", QWEN25_TOWERS)
def test_qwen25_towers_have_as_many_parameters_as_those_of_transformers(meta, name):
    own = QWEN25_TOWERS[name]
    config = Qwen2_5_VLVisionConfig(hidden_size=1280, intermediate_size=own["hidden"], out_hidden_size=own["out"])
    assert config.window_size == QWEN25["side"] * QWEN25["patch"] and config.fullatt_block_indexes == QWEN25["whole"]
    assert count(WindowTower(**QWEN25, **own)) == count(Qwen2_5_VisionTransformerPretrainedModel(config))


def test_the_towers_of_qwen25_are_what_the_errata_say(meta):
    towers = {name: WindowTower(**QWEN25, **own) for name, own in QWEN25_TOWERS.items()}
    found = {name: round(count(tower) / 1e6, 2) for name, tower in towers.items()}
    assert found["Qwen2.5-VL-3B"] == 668.68 and found["Qwen2.5-VL-7B"] == 676.55 and found["Qwen2.5-VL-72B"] == 704.57
    without = {name: round((count(tower) - count(tower.merger)) / 1e6, 2) for name, tower in towers.items()}
    assert set(without.values()) == {631.98, 636.40}


@pytest.mark.parametrize(("out", "total"), [(1536, 665.0), (3584, 675.8), (8192, 699.0)])
def test_qwen2_has_as_many_as_blocks_map_and_merger_make(meta, out, total):
    """Its blocks are ours but for QuickGELU, which has no parameters; no table, and a map without bias."""
    theirs = Qwen2VisionTransformerPretrainedModel(Qwen2VLVisionConfig(hidden_size=out))
    blocks = 32 * count(VisionBlock(dim=1280, heads=16, hidden=5120)) + 1280 * 3 * 2 * 14**2
    assert round(blocks / 1e6, 2) == 631.18
    assert count(theirs) == blocks + count(Merger(dim=1280, merge=2, out=out))
    assert count(theirs) / 1e6 == pytest.approx(total, abs=0.5)


@pytest.mark.parametrize(("made", "fill"), [(towers, fill_tower_), (window_towers, fill_window_tower_)])
def test_loading_lists_what_does_not_fit(made, fill):
    theirs, model = made()
    state = theirs.state_dict()
    lost = "blocks.1.attn.qkv.weight"
    with pytest.raises(ValueError, match=r"missing: blocks\.1\.qkv\.weight"):
        fill(model, {name: value for name, value in state.items() if name != lost})
    with pytest.raises(ValueError, match=r"unknown: blocks\.0\.extra"):
        fill(model, {**state, "blocks.0.extra": torch.zeros(1)})
    with pytest.raises(ValueError, match=r"shape: blocks\.1\.attn\.qkv\.weight is \(3, 2\)"):
        fill(model, {**state, lost: torch.zeros(3, 2)})
    with pytest.raises(ValueError, match=r"shape: patch_embed\.proj\.weight"):
        fill(model, {**state, "patch_embed.proj.weight": torch.zeros(3, 2)})


def test_filling_leaves_the_state_as_it_was():
    theirs, _ = towers()
    state = theirs.state_dict()
    before = {name: value.clone() for name, value in state.items()}
    fill_tower_(VisionTower(side=6, depth=5, **SIZES), state)
    assert all(torch.equal(state[name], value) for name, value in before.items())
