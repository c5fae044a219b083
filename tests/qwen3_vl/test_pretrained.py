"""The small model: its size, its parts, and what its levels and positions may be."""

import torch

from mmnotes.data.questions import LEXICON
from mmnotes.deepstack.pretrained import LEVELS, pretrained_tower
from mmnotes.mrope import interleaved, sectioned
from mmnotes.qwen3_vl import account
from mmnotes.qwen3_vl.pretrained import SECTIONS, pretrained_qwen3_vl, small_qwen3_vl


def test_two_million_weights_of_which_a_third_is_in_mergers():
    counts = {row: count.total for row, count in account(small_qwen3_vl(words=len(LEXICON))).items()}
    assert 2.2e6 < sum(counts.values()) < 2.4e6
    assert 0.3 < (counts["merger"] + counts["mergers of the levels"]) / sum(counts.values()) < 0.37


def test_positions_and_levels_are_those_asked_for():
    model = small_qwen3_vl(words=11)
    assert torch.equal(model.language.axes, interleaved(SECTIONS)) and model.vision.levels == LEVELS
    other = small_qwen3_vl(words=11, axes=sectioned(SECTIONS), levels=())
    assert torch.equal(other.language.axes, sectioned(SECTIONS)) and not other.vision.level_mergers


def test_the_trained_model_is_frozen_knows_all_words_and_sees_with_the_trained_tower():
    model = pretrained_qwen3_vl()
    assert not any(value.requires_grad for value in model.parameters())
    assert model.head.out_features == model.language.words.num_embeddings == len(LEXICON)
    tower = pretrained_tower().state_dict()
    assert all(value.equal(tower[name]) for name, value in model.vision.state_dict().items())
    torch.manual_seed(0)
    random = small_qwen3_vl(words=len(LEXICON))
    assert not model.head.weight.equal(random.head.weight)
