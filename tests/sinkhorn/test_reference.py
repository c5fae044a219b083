"""Sinkhorn-Knopp against POT, the library of optimal transport: in the limit, and round by round."""

import ot
import pytest
import torch

from mmnotes.sinkhorn import sinkhorn, sinkhorn_log, sinkhorn_stabilised, teacher_assignment
from tests.sinkhorn.cases import masses, waves

REG = 0.1


def pot(cost, row_mass, column_mass, method, **options):
    """The plan by POT, which scales the side it is given second first: handing it the transpose gives our order."""
    arguments = (column_mass.numpy(), row_mass.numpy(), cost.T.numpy(), REG)
    return torch.from_numpy(ot.sinkhorn(*arguments, method=method, warn=False, **options)).T


@pytest.mark.parametrize("method", ["sinkhorn", "sinkhorn_log", "sinkhorn_stabilized"])
def test_converged(method):
    cost, mass = waves(48, 96), masses(48, 96)
    expected = pot(cost, *mass, method, numItermax=100_000, stopThr=1e-13)
    for plan in (
        sinkhorn((-cost / REG).exp(), *mass, steps=1000),
        sinkhorn_log(-cost / REG, *mass, steps=1000).exp(),
        sinkhorn_stabilised(-cost / REG, *mass, steps=1000),
    ):
        torch.testing.assert_close(plan, expected, rtol=0, atol=1e-9)
        torch.testing.assert_close(plan.sum(1), mass[0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["sinkhorn", "sinkhorn_log"])
@pytest.mark.parametrize("steps", [1, 3, 7])
def test_round_by_round(steps, method):
    cost, mass = waves(48, 96), masses(48, 96)
    expected = pot(cost, *mass, method, numItermax=steps, stopThr=0)
    for plan in (
        sinkhorn((-cost / REG).exp(), *mass, steps=steps),
        sinkhorn_log(-cost / REG, *mass, steps=steps).exp(),
        sinkhorn_stabilised(-cost / REG, *mass, steps=steps),
    ):
        torch.testing.assert_close(plan, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_teacher_round_by_round(steps):
    """Samples as POT's first side, prototypes as its second: it scales the prototypes first, as the teacher does."""
    scores = waves(48, 96)
    plan = ot.sinkhorn([1.0] * 48, [48 / 96] * 96, -scores.numpy(), REG, numItermax=steps, stopThr=0, warn=False)
    found = teacher_assignment(scores, tau=REG, steps=steps)
    torch.testing.assert_close(found, torch.from_numpy(plan), rtol=0, atol=1e-12)


def test_the_order_matters_at_a_finite_number_of_steps():
    """What the transposition above is for: in the other order three rounds give another plan, with exact rows."""
    cost, mass = waves(5, 7), masses(5, 7)
    ours = sinkhorn((-cost / REG).exp(), *mass, steps=3)
    other = sinkhorn((-cost / REG).exp().T, *reversed(mass), steps=3).T
    torch.testing.assert_close(ours.sum(0), mass[1], rtol=1e-12, atol=0)
    torch.testing.assert_close(other.sum(1), mass[0], rtol=1e-12, atol=0)
    assert (ours - other).abs().max() > 1e-3
