"""How holes are taught: DINO until they begin, then both terms; and what DINOv2 changes."""

import pytest
import torch

from tools.dino import distilling
from tools.dinov2.distilling import SPREAD, balanced_answers, spread
from tools.dinov2.small import Small
from tools.dinov2.small import loss_through as small_loss
from tools.ibot import distilling as filling

FIRST = int(filling.START * distilling.STEPS)  # step with holes


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(distilling, "BATCH", 6)


def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def model(*, shared: bool = True, done: int = 0) -> filling.Filled:
    torch.manual_seed(0)
    made = filling.Filled(shared=shared)
    made.done += done
    return made


def test_before_the_holes_begin_the_loss_is_that_of_dino():
    torch.manual_seed(0)
    plain = distilling.Distilled()
    wanted = distilling.loss_through(plain, exchanged=True)(random())
    made = model()
    found = filling.loss_through(made, exchanged=True)(random())
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    torch.testing.assert_close(made.centre, plain.centre, rtol=0, atol=1e-6)


def test_holes_begin_and_teach_the_patches_head_and_the_mask_token():
    made = model(shared=False, done=FIRST)
    filling.loss_through(made, exchanged=True)(random()).backward()
    assert made.student["backbone"].mask_token.grad.abs().max() > 0
    assert made.student["patch_head"].prototypes.grad.abs().max() > 0
    assert made.patch_centre.abs().max() > 0
    early = model(shared=False, done=FIRST - 1)
    filling.loss_through(early, exchanged=True)(random()).backward()
    assert early.student["backbone"].mask_token.grad.abs().max() == 0


def test_a_shared_head_is_one_and_gets_both_gradients():
    made = model(done=FIRST)
    assert filling.patch_head(made.student) is made.student["head"]
    crops = filling.views(random(), exchanged=True)
    both = filling.terms(made, crops, filling.holes_for(crops, random()), answers=filling.centred_answers)
    for term in (both.cls, both.patch):
        (slope,) = torch.autograd.grad(term, [made.student["head"].prototypes], retain_graph=True)
        assert slope.abs().max() > 0
    assert all(each.grad is None for each in made.teacher.parameters())


def test_balanced_answers_sum_to_one_and_load_prototypes_alike():
    made = model(shared=False)
    taught, patches = torch.randn(2, 300, 256), torch.randn(600, 64, 256)
    masked = torch.rand(600, 64, generator=random()) < 0.1
    targets, hidden = balanced_answers(made, taught / 20, patches / 20, masked)
    for rows in (targets.flatten(0, 1), hidden):
        torch.testing.assert_close(rows.sum(1), torch.ones(len(rows)), rtol=0, atol=1e-4)
        assert rows.mean(0).max() < 4 / 256
    assert made.centre.abs().max() == 0, "there is no centre to move"
    assert len(balanced_answers(made, taught, patches, torch.zeros_like(masked))[1]) == 0


def test_features_are_spread_view_by_view():
    once = torch.randn(8, 64, generator=random())
    twice = torch.stack([once, once])
    assert spread(twice).shape == (2,) and (spread(twice) / SPREAD).abs().max() < 5, "twins would be at distance zero"


def test_a_small_student_learns_from_whoever_teaches():
    torch.manual_seed(0)
    large, small = distilling.Distilled(), Small()
    assert sum(map(torch.Tensor.numel, small.student["backbone"].parameters())) < 40_000
    alone, taught = (small_loss(small, teacher)(random()) for teacher in (None, large.teacher))
    assert alone.item() != taught.item()
    taught.backward()
    assert all(each.grad is None for each in large.teacher.parameters())


def test_a_network_of_another_size_is_read_from_what_was_kept():
    torch.manual_seed(0)
    made = filling.Filled(shared=False, dim=12, depth=4)
    filling.loss_through(made, exchanged=True)(random()).backward()
    backbone = made.teacher["backbone"]
    again = distilling.frozen_backbone(backbone.state_dict())
    assert len(again.blocks) == 4 and not any(each.requires_grad for each in again.parameters())
    pixels = torch.rand(2, 3, 64, 64)
    assert torch.equal(again(pixels).cls, backbone(pixels).cls)


def test_a_short_phase_has_larger_crops_and_the_schedules_compressed(monkeypatch):
    large = distilling.views(random(), exchanged=True, size=96)
    assert large.large.shape == (2, 6, 3, 96, 96) and large.small.shape[-2:] == (48, 48)
    made = filling.Filled(shared=False, steps=100)
    assert filling.holes_for(large, random()).shape == (12, 144)
    used: list[int] = []
    monkeypatch.setattr(distilling, "teacher_momentum", lambda *, steps, **_: used.append(steps) or 1.0)
    sizes: list[int] = []
    monkeypatch.setattr(filling, "views", lambda *_, size, **__: sizes.append(size) or large)
    for done, holes in ((31, False), (32, True)):
        made.done.fill_(done)
        made.zero_grad()
        filling.loss_through(made, exchanged=True, size=96)(random()).backward()
        assert (made.student["backbone"].mask_token.grad.abs().max() > 0) == holes
    assert used == [100, 100] and sizes == [96, 96]
