"""The closed forms that the exercises ask for are what rounds of scaling give."""

import torch

from mmnotes.page import check
from mmnotes.sinkhorn import sinkhorn, teacher_assignment


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


def test_rounds_that_begin_elsewhere_are_told_so():
    def shifted(log_kernel, row_mass, column_mass, steps):
        kernel = (log_kernel - log_kernel.amax(0)).double().exp()
        v = torch.ones(len(column_mass), dtype=torch.float64)
        for _ in range(steps):
            u = row_mass / (kernel @ v)
            v = column_mass / (kernel.T @ u)
        return u[:, None] * kernel * v

    assert "starts the rounds elsewhere" in check("sinkhorn-3", shifted).message


def test_each_process_for_itself_is_told_so():
    def apart(first, second, tau, steps):
        return torch.cat([teacher_assignment(scores, tau=tau, steps=steps) for scores in (first, second)])

    assert "a prototype's load is a sum over both" in check("sinkhorn-5", apart).message
