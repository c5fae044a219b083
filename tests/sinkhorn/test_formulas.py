"""The numbers of the lab that the page computes, against the definition and against its JavaScript."""

import pytest
import torch

from mmnotes.page import Numeric
from mmnotes.sinkhorn import formulas
from tests.held import agrees

SCORES = [[0.9, 0.8, 0.7], [0.5, 0.6, 0.6]]
ROWS, COLUMNS = torch.tensor([1.0, 2.0]).double(), torch.ones(3).double()
BALANCE = formulas.balance(torch.tensor(SCORES), ROWS, COLUMNS)


def test_the_page_does_the_same(tmp_path):
    steps, tau = Numeric("steps", (0, 1), 0, (0, 60)), Numeric("tau", (0.1, 1), 0.1, (0.04, 2), log=True)
    agrees(BALANCE, {"steps": steps, "tau": tau}, tmp_path)


@pytest.mark.parametrize("steps", range(6))
def test_each_half_round_settles_one_side(steps):
    kernel = 3 * (torch.tensor(SCORES).double() / 0.2).exp() / (torch.tensor(SCORES).double() / 0.2).exp().sum()
    u, v = torch.ones(2).double(), torch.ones(3).double()
    for step in range(steps):
        if step % 2:
            v = COLUMNS / (u @ kernel)
        else:
            u = ROWS / (kernel @ v)
    found = BALANCE.numbers(steps=steps, tau=0.2, scores=SCORES)
    assert torch.allclose(found["plan"], u[:, None] * kernel * v, atol=1e-6)
    assert torch.allclose(found["factors"], torch.outer(u, v), atol=1e-5)
