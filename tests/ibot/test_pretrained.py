"""The shipped backbones: they load, differ, look at objects, and say in a hole what the scene around it is like."""

import pytest
import torch
from torch.nn.functional import normalize

from mmnotes.dino import attention_lift
from mmnotes.dino.pretrained import SEEDS
from mmnotes.dino.pretrained import pretrained_backbone as dino_backbone
from mmnotes.ibot import block_mask
from mmnotes.ibot.pretrained import pretrained_backbone
from tests.dino.cases import check_shipped, unseen


@pytest.fixture(scope="module")
def holes():
    sizes = {"rows": 8, "columns": 8, "random": torch.Generator().manual_seed(0)}
    return torch.stack([block_mask(ratio=0.3, **sizes).flatten() for _ in range(100)])


def own_scene(model, holes):
    """How many answers in holes are closer to their own patch than to the same place of another scene."""
    some = unseen()
    whole, said = model(some.pixels()).patches, model(some.pixels(), holes).patches
    middle = whole.mean((0, 1))
    own, said = normalize(whole - middle, dim=2), normalize(said - middle, dim=2)
    return ((said * own).sum(2) > (said * own.roll(1, 0)).sum(2))[holes].float().mean().item()


@pytest.mark.parametrize("seed", SEEDS)
def test_attention_finds_objects(seed):
    some = unseen()
    maps = pretrained_backbone(seed=seed).cls_attention(some.pixels()).mean(1)
    assert attention_lift(maps, some.masks()).mean() > 1.7


@pytest.mark.parametrize("seed", SEEDS)
def test_holes_are_filled_better_than_by_a_network_that_had_none(holes, seed):
    filled = own_scene(pretrained_backbone(seed=seed), holes)
    assert filled > own_scene(dino_backbone(ground="exchanged", seed=seed), holes)


def test_they_are_frozen_and_differ_and_have_a_token_for_holes():
    check_shipped(pretrained_backbone)
    tokens = [pretrained_backbone(seed=seed).mask_token for seed in SEEDS]
    assert min(map(torch.norm, tokens)) > 0.1, "a token that nothing was learned with is zero"
