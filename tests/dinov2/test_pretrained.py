"""The shipped backbones: they load, differ, and look at objects."""

import pytest
import torch

from mmnotes.data import scenes
from mmnotes.dino import attention_lift
from mmnotes.dino.pretrained import SEEDS
from mmnotes.dinov2.pretrained import pretrained_backbone


@pytest.mark.parametrize("seed", SEEDS)
def test_attention_finds_objects(seed):
    some = scenes(100, vendors=("twemoji",), held_out=True, seed=7, most=1)
    maps = pretrained_backbone(seed=seed).cls_attention(some.pixels()).mean(1)
    assert attention_lift(maps, some.masks()).mean() > 1.15


def test_they_are_frozen_and_all_differ():
    every = [pretrained_backbone(seed=seed) for seed in SEEDS]
    assert not any(each.requires_grad for model in every for each in model.parameters())
    assert torch.pdist(torch.stack([model.blocks[0].up.weight for model in every]).flatten(1)).min() > 0.1


def test_what_was_not_trained_is_refused():
    with pytest.raises(ValueError, match=r"seed must be one of \(0, 1, 2\), got 3"):
        pretrained_backbone(seed=3)
