"""The shipped backbones: they load, differ, and attend as the chapter says on scenes that nobody has asked about."""

import pytest
import torch

from mmnotes.dino import attention_auc, attention_lift
from mmnotes.dino.pretrained import GROUNDS, SEEDS, pretrained_backbone, untrained_backbone
from tests.dino.cases import check_shipped, unseen


def found(model):
    some = unseen()
    maps = model.cls_attention(some.pixels()).mean(1)
    return attention_auc(maps, some.masks()).mean().item(), attention_lift(maps, some.masks()).mean().item()


@pytest.mark.parametrize("seed", SEEDS)
def test_exchanged_grounds_make_attention_find_objects(seed):
    same, exchanged = (found(pretrained_backbone(ground=ground, seed=seed)) for ground in GROUNDS)
    assert exchanged[0] > same[0] + 0.05 and exchanged[1] > max(1.7, same[1] + 0.8)


def test_the_first_layer_centres_and_scales_pixels():
    """Grey makes every patch nearly the same as nothing at all; what differs from it is four times as loud."""
    torch.manual_seed(0)
    patch = untrained_backbone().patch
    grey = patch(torch.full((1, 3, 8, 8), 0.5))
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(3, 64, kernel_size=8, stride=8)
    torch.testing.assert_close(grey.flatten(), plain.bias, rtol=0, atol=1e-5)
    pixels = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(patch(pixels), plain((pixels - 0.5) / 0.25), rtol=0, atol=1e-4)


def test_they_are_frozen_and_differ_by_seed_and_ground():
    for ground in GROUNDS:
        check_shipped(pretrained_backbone, ground=ground)
    firsts = [pretrained_backbone(ground=ground, seed=0).blocks[0].up.weight for ground in GROUNDS]
    assert (firsts[0] - firsts[1]).norm() > 0.1
