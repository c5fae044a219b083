"""The shipped backbones: they load, differ, and look at objects."""

import pytest

from mmnotes.dino import attention_lift
from mmnotes.dino.pretrained import SEEDS
from mmnotes.dinov2.pretrained import pretrained_backbone
from tests.dino.cases import check_shipped, unseen


@pytest.mark.parametrize("seed", SEEDS)
def test_attention_finds_objects(seed):
    some = unseen()
    maps = pretrained_backbone(seed=seed).cls_attention(some.pixels()).mean(1)
    assert attention_lift(maps, some.masks()).mean() > 1.15


def test_they_are_frozen_and_all_differ():
    check_shipped(pretrained_backbone)
