"""What the building exercises are compared with: the shared loss as loops, and the slope of the package's loss."""

import math

import pytest
import torch

from mmnotes.infonce import info_nce
from mmnotes.infonce.built import shared, shared_mistakes, slope, slope_mistakes
from tests.infonce.cases import textbook, waves

GROUP = [3, 8, 3, 3, 5]


def test_the_shared_loss_is_the_loop():
    scores, total, scale = waves(5, 5), 0.0, 1.7
    for table in (scores.tolist(), scores.T.tolist()):
        for row, own in zip(table, GROUP, strict=True):
            norm = math.log(sum(math.exp(scale * x) for x in row))
            right = [scale * x - norm for x, group in zip(row, GROUP, strict=True) if group == own]
            total -= sum(right) / len(right) / 10
    assert shared(scores, torch.tensor(GROUP), scale=scale).item() == pytest.approx(total, abs=1e-12)


def test_groups_of_one_give_the_plain_loss():
    scores = waves(5, 5)
    assert torch.allclose(shared(scores, torch.arange(5), scale=3.0), textbook(scores, 3.0))


def test_no_mistake_is_right():
    scores = waves(5, 5)
    right = shared(scores, torch.tensor(GROUP), scale=2.0)
    wrong = shared_mistakes(scores, torch.tensor(GROUP), scale=2.0)
    assert min(abs(each - right) for each in wrong.values()) > 1e-3


def test_the_slope_is_that_of_the_loss():
    scores = waves(5, 5).requires_grad_()
    (found,) = torch.autograd.grad(info_nce(scores, scale=2.5), scores)
    assert torch.allclose(slope(scores.detach(), scale=2.5), found)
    wrong = slope_mistakes(scores.detach(), scale=2.5)
    assert min((each - found).abs().max() for each in wrong.values()) > 1e-3
