"""How the small vision transformers are taught: which grounds their crops show, and who learns from a step."""

import pytest
import torch

from mmnotes.dino import update_teacher_
from tools.dino import distilling


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(distilling, "BATCH", 6)


def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_crops_have_one_ground_or_two(monkeypatch):
    """Whole pictures in their own colours: their mean colours tell whose ground they show."""
    monkeypatch.setattr(distilling, "STRENGTH", 0.0)
    monkeypatch.setattr(distilling, "SHARES", ((1.0, 1.0), (1.0, 1.0)))
    same, exchanged = (distilling.views(random(), exchanged=each) for each in (False, True))
    assert same.large.shape == (2, 6, 3, 64, 64) and same.small.shape == (distilling.LOCAL_CROPS, 6, 3, 32, 32)

    def apart(one, other):
        return (one.mean((2, 3)) - other.mean((2, 3))).abs().mean()

    assert apart(*same.large) < 0.03 < 0.1 < apart(*exchanged.large)
    for first, second in zip(exchanged.large, exchanged.small[:2], strict=True):
        assert apart(first, second) < 0.03, "local crops take the two grounds in turn"


def test_a_step_teaches_the_student_and_the_centre_moves_after_its_use():
    torch.manual_seed(0)
    model = distilling.Distilled()
    taught = distilling.logits(model.teacher, [distilling.views(random(), exchanged=True).large])
    loss = distilling.loss_through(model, exchanged=True)(random())
    loss.backward()
    assert all(each.grad is None for each in model.teacher.parameters())
    assert all(each.grad is not None for each in model.student["head"].parameters())
    moved = (1 - distilling.CENTRE_MOMENTUM) * taught.mean((0, 1))
    torch.testing.assert_close(model.centre, moved, rtol=0, atol=1e-6)
    noted = dict(zip(distilling.CURVES, model.curves[0].tolist(), strict=True))
    targets = (taught / distilling.TEACHER_TAU).softmax(-1).flatten(0, 1)  # the first centre is zero
    assert noted["entropy"] == pytest.approx(torch.special.entr(targets).sum(-1).mean().item(), rel=1e-4)
    assert noted["loss"] == pytest.approx(loss.item()) == pytest.approx(noted["entropy"] + noted["divergence"])
    assert noted["in use"] == len(targets.argmax(1).unique()) and int(model.done) == 1


def test_the_teacher_follows_once_a_step_is_done():
    torch.manual_seed(0)
    model = distilling.Distilled()
    with torch.no_grad():
        for each in model.student.parameters():
            each.add_(0.1)
    start = [each.clone() for each in model.teacher.parameters()]
    distilling.follow_(model)
    assert all(map(torch.equal, model.teacher.parameters(), start)), "no step is done yet"
    model.done += 1
    distilling.follow_(model)
    wanted = distilling.teacher_of(model.teacher)
    for each, first in zip(wanted.parameters(), start, strict=True):
        each.data.copy_(first)
    update_teacher_(wanted, model.student, momentum=distilling.MOMENTUM)
    for found, each in zip(model.teacher.parameters(), wanted.parameters(), strict=True):
        torch.testing.assert_close(found, each, rtol=0, atol=1e-5)
