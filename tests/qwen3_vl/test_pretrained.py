"""The small model: its size, its parts, and what its levels and positions may be."""

import torch

from mmnotes.data.questions import LEXICON
from mmnotes.mrope import interleaved, sectioned
from mmnotes.qwen3_vl import account
from mmnotes.qwen3_vl.pretrained import LEVELS, SECTIONS, small_qwen3_vl


def test_two_million_weights_of_which_a_third_is_in_mergers():
    counts = {row: count.total for row, count in account(small_qwen3_vl(words=len(LEXICON))).items()}
    assert 2.2e6 < sum(counts.values()) < 2.4e6
    assert 0.3 < (counts["merger"] + counts["mergers of the levels"]) / sum(counts.values()) < 0.37


def test_positions_and_levels_are_those_asked_for():
    model = small_qwen3_vl(words=11)
    assert torch.equal(model.language.axes, interleaved(SECTIONS)) and model.vision.levels == LEVELS
    other = small_qwen3_vl(words=11, axes=sectioned(SECTIONS), levels=())
    assert torch.equal(other.language.axes, sectioned(SECTIONS)) and not other.vision.level_mergers
