"""The closed forms that the exercises ask for are what rounds of scaling give."""

import torch

from mmnotes.page import check
from mmnotes.sinkhorn import sinkhorn


def test_the_limit_of_many_rounds():
    def many_rounds(kernel):
        return sinkhorn(kernel.double(), torch.ones(2).double(), torch.ones(2).double(), steps=500)

    assert check("sinkhorn-1", many_rounds).right is True


def test_the_entry_after_some_rounds():
    def entry(a, n):
        kernel = torch.tensor([[1.0, a], [0.0, 1.0]], dtype=torch.float64)
        return sinkhorn(kernel, torch.ones(2).double(), torch.ones(2).double(), steps=n)[0, 1]

    assert check("sinkhorn-4", entry).right is True


def test_the_entry_in_single_precision():
    assert check("sinkhorn-4", lambda a, n: 1 / (2 * n + 1 / torch.tensor(a))).right is True
