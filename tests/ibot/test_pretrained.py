"""The shipped backbones: they load, differ, look at objects, and say in a hole what the scene around it is like."""

import pytest
import torch
from torch.nn.functional import normalize

from mmnotes.data import scenes
from mmnotes.dino import attention_lift
from mmnotes.dino.pretrained import SEEDS
from mmnotes.dino.pretrained import pretrained_backbone as dino_backbone
from mmnotes.ibot import block_mask
from mmnotes.ibot.pretrained import pretrained_backbone


@pytest.fixture(scope="module")
def some():
    return scenes(100, vendors=("twemoji",), held_out=True, seed=7, most=1)


@pytest.fixture(scope="module")
def holes():
    sizes = {"rows": 8, "columns": 8, "random": torch.Generator().manual_seed(0)}
    return torch.stack([block_mask(ratio=0.3, **sizes).flatten() for _ in range(100)])


def own_scene(model, some, holes):
    """How many answers in holes are closer to their own patch than to the same place of another scene."""
    whole, said = model(some.pixels()).patches, model(some.pixels(), holes).patches
    middle = whole.mean((0, 1))
    own, said = normalize(whole - middle, dim=2), normalize(said - middle, dim=2)
    return ((said * own).sum(2) > (said * own.roll(1, 0)).sum(2))[holes].float().mean().item()


@pytest.mark.parametrize("seed", SEEDS)
def test_attention_finds_objects(some, seed):
    maps = pretrained_backbone(seed=seed).cls_attention(some.pixels()).mean(1)
    assert attention_lift(maps, some.masks()).mean() > 1.7


@pytest.mark.parametrize("seed", SEEDS)
def test_holes_are_filled_better_than_by_a_network_that_had_none(some, holes, seed):
    filled = own_scene(pretrained_backbone(seed=seed), some, holes)
    assert filled > own_scene(dino_backbone(ground="exchanged", seed=seed), some, holes)


def test_they_are_frozen_and_all_differ():
    every = [pretrained_backbone(seed=seed) for seed in SEEDS]
    assert not any(each.requires_grad for model in every for each in model.parameters())
    assert torch.pdist(torch.stack([model.blocks[0].up.weight for model in every]).flatten(1)).min() > 0.1
    assert min(model.mask_token.norm() for model in every) > 0.1, "a token that nothing was learned with is zero"


def test_what_was_not_trained_is_refused():
    with pytest.raises(ValueError, match=r"seed must be one of \(0, 1, 2\), got 3"):
        pretrained_backbone(seed=3)
