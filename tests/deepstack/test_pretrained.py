"""The small tower: its levels are the caller's choice, and the trained one is frozen."""

import torch

from mmnotes.deepstack.pretrained import LEVELS, OUT, PATCH, pretrained_tower, small_tower
from mmnotes.vision_tower import patchify


def test_a_board_becomes_36_tokens_and_as_many_for_each_level():
    torch.manual_seed(0)
    for model, levels in ((small_tower(), len(LEVELS)), (small_tower(levels=()), 0)):
        row, grid = patchify(torch.rand(1, 3, 96, 96), patch=PATCH, merge=2)
        tokens, found = model(row, [grid])
        assert tokens.shape == (36, OUT) and [each.shape for each in found] == [(36, OUT)] * levels


def test_the_trained_tower_is_frozen_and_not_the_random_one():
    model = pretrained_tower()
    assert not any(value.requires_grad for value in model.parameters())
    torch.manual_seed(0)
    random = small_tower().state_dict()
    assert all(value.shape == random[name].shape for name, value in model.state_dict().items())
    assert not model.tower.patch.weight.equal(random["tower.patch.weight"])
