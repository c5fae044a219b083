"""The account of weights: transformers' classes, the notes' table, what one word meets, tied heads, bad inputs."""

import pytest
import torch
from torch import nn
from transformers import (
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLMoeConfig,
    Qwen3VLMoeForConditionalGeneration,
)

from mmnotes.qwen3_vl import Count, Experts, SwiGLU, account
from mmnotes.qwen3_vl.account import ROWS
from mmnotes.qwen3_vl.sizes import BASE, LANGUAGES, SECTIONS, TIED, WORDS, D, decoder_of, qwen3_vl_of
from mmnotes.vision_tower.released import QWEN3_TOWERS
from tests.qwen3_vl.cases import ours, reference

every_name = pytest.mark.parametrize("name", LANGUAGES)


def released(name):
    with torch.device("meta"):
        return qwen3_vl_of(name)


def theirs(name):
    """transformers' class at these sizes, without memory."""
    tower, language = QWEN3_TOWERS[name], LANGUAGES[name]
    text = {
        "vocab_size": WORDS,
        "hidden_size": language["dim"],
        "num_hidden_layers": language["depth"],
        "num_attention_heads": language["heads"],
        "num_key_value_heads": language["key_heads"],
        "head_dim": D,
        "rope_parameters": {"rope_type": "default", "rope_theta": BASE, "mrope_section": list(SECTIONS)},
    }
    if "experts" in language:
        config, made = Qwen3VLMoeConfig, Qwen3VLMoeForConditionalGeneration
        text |= {"num_experts": language["experts"], "num_experts_per_tok": language["top"]}
        text |= {"moe_intermediate_size": language["hidden"]}
    else:
        config, made = Qwen3VLConfig, Qwen3VLForConditionalGeneration
        text |= {"intermediate_size": language["hidden"]}
    vision = {"depth": tower["depth"], "hidden_size": tower["dim"], "intermediate_size": tower["hidden"]}
    vision |= {"out_hidden_size": tower["out"], "deepstack_visual_indexes": list(tower["levels"])}
    with torch.device("meta"):
        return made(config(text_config=text, vision_config=vision, tie_word_embeddings=name in TIED))


@every_name
def test_the_sum_is_that_of_transformers_to_the_last_weight(name):
    counts = account(released(name))
    assert sum(count.total for count in counts.values()) == sum(each.numel() for each in theirs(name).parameters())
    assert list(counts) == [row for row in ROWS if row in counts]


def test_the_table_of_the_notes_against_the_truth():
    counts = {row: count.total for row, count in account(released("Qwen3-VL-235B-A22B")).items()}
    tower = counts["patches"] + counts["positions"] + counts["blocks of the tower"]
    mergers = counts["merger"] + counts["mergers of the levels"]
    layers = sum(counts[row] for row in ("attention", "routers", "feed-forward", "norms"))
    assert counts["patches"] == 1_770_624 and counts["positions"] == 2_654_208
    assert counts["blocks of the tower"] == 411_466_608 and tower == 415_891_440
    assert counts["merger"] == 40_119_040 and counts["mergers of the levels"] == 120_377_856
    assert mergers == 160_496_896 and tower + mergers == 576_388_336
    assert counts["words"] == counts["head"] == 622_329_856
    assert layers == 233_848_974_848
    assert layers + counts["words"] + counts["head"] == 235_093_634_560
    assert sum(counts.values()) == 235_670_022_896


def test_a_word_meets_twenty_two_billion():
    counts = {row: count.active for row, count in account(released("Qwen3-VL-235B-A22B")).items()}
    layers = sum(counts[row] for row in ("attention", "routers", "feed-forward", "norms"))
    assert round(layers / 1e9, 2) == 20.95 and round((layers + counts["head"]) / 1e9, 2) == 21.57
    assert round((layers + 2 * counts["head"]) / 1e9, 2) == 22.19
    assert counts["words"] == 4096 and counts["blocks of the tower"] == counts["merger"] == 0


def test_the_head_of_the_smallest_is_its_table():
    counts, model = account(released("Qwen3-VL-2B")), released("Qwen3-VL-2B")
    assert "head" not in counts and counts["words"] == Count(311_164_928, 311_164_928)
    assert model.head.weight is model.language.words.weight
    assert "head" in account(released("Qwen3-VL-8B"))


@pytest.mark.parametrize("experts", [False, True])
def test_a_tiny_model_counts_as_transformers(experts):
    model = reference(experts=experts)
    counts = account(ours(model.state_dict(), experts=experts))
    assert sum(count.total for count in counts.values()) == sum(each.numel() for each in model.parameters())
    layer = (2 * 3 if experts else 1) * 3 * 48 * (10 if experts else 96)
    assert counts["feed-forward"].active == 5 * layer


def test_the_sum_is_the_formula():
    sizes = {"depth": 3, "dim": 64, "heads": 8, "key_heads": 2, "hidden": 24}
    experts = {"experts": 10, "top": 4}
    with torch.device("meta"):
        made = decoder_of(**sizes, **experts)
    counts = account(made)
    attention = 2 * 64 * D * (8 + 2) + 2 * D
    assert counts["attention"] == Count(3 * attention, 3 * attention)
    assert counts["routers"].total == 3 * 10 * 64
    assert counts["feed-forward"] == Count(3 * 10 * 3 * 64 * 24, 3 * 4 * 3 * 64 * 24)
    assert counts["norms"].total == (2 * 3 + 1) * 64
    assert isinstance(made.blocks[0].feed_forward, Experts)
    with torch.device("meta"):
        assert isinstance(decoder_of(**sizes).blocks[2].feed_forward, SwiGLU)


def test_bad_models_and_names():
    with pytest.raises(ValueError, match=r"model must have parameters of patches, .*, head, got extra\.weight"):
        account(nn.ModuleDict({"extra": nn.Linear(2, 3)}))
    with pytest.raises(ValueError, match=r"name must be one of Qwen3-VL-2B, .*, got 'Qwen3-VL-4B'"):
        qwen3_vl_of("Qwen3-VL-4B")
