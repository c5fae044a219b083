"""insightface's CombinedMarginLoss: its numbers, and its gradient, which is the straight-through one."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from mmnotes.arcface import cosines, margin_logits, straight_through_logits
from tests.arcface.cases import LABELS, RELEASED, formula


def numbers(logits_of, s, m2, m3):
    features, rows = formula()
    logits = logits_of(cosines(features, rows), LABELS, m2=m2, m3=m3, s=s)
    loss = cross_entropy(logits, LABELS)
    slopes = torch.autograd.grad(loss, (features, rows))
    return {"loss": loss, "logits": logits[2], "features": slopes[0][1], "rows": slopes[1][3]}


def off(setting, found, name):
    return (found[name].detach() - torch.tensor(RELEASED[setting][name], dtype=torch.float64)).abs().max().item()


@pytest.mark.parametrize("setting", RELEASED)
@pytest.mark.parametrize("logits_of", [margin_logits, straight_through_logits])
def test_values_are_those_of_the_released_module(setting, logits_of):
    found = numbers(logits_of, *setting)
    assert off(setting, found, "loss") < 1e-10 and off(setting, found, "logits") < 1e-10


@pytest.mark.parametrize("setting", RELEASED)
def test_the_released_gradient_is_straight_through(setting):
    found = numbers(straight_through_logits, *setting)
    assert off(setting, found, "features") < 1e-10 and off(setting, found, "rows") < 1e-10


@pytest.mark.parametrize("setting", RELEASED)
def test_the_exact_gradient_is_another_one_unless_the_margin_is_on_the_cosine(setting):
    _, m2, _ = setting
    found = numbers(margin_logits, *setting)
    largest = max(off(setting, found, name) for name in ("features", "rows"))
    assert largest > 0.05 if m2 else largest < 1e-10
