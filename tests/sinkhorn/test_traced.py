"""Sinkhorn-Knopp where entries cannot be looked at: compiled, transformed, and on the meta device."""

from functools import partial

import pytest
import torch

from mmnotes.sinkhorn import convergence_rate, sinkhorn, sinkhorn_log, sinkhorn_stabilised, teacher_assignment
from tests.sinkhorn.cases import every_kind, masses, problem, waves


def compiled(function):
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="eager")


@every_kind
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_every_kind_of_problem_has_the_plan_of_eager(kind, steps):
    call = partial(sinkhorn_stabilised, steps=steps)
    log_kernel, *mass = problem(kind, 5, 7)
    expected = call(log_kernel, *mass)
    torch.testing.assert_close(compiled(call)(log_kernel, *mass), expected, rtol=1e-9, atol=1e-13)
    both = torch.stack([log_kernel, log_kernel.flip(1)]), *(mass[0].expand(2, -1), torch.stack([mass[1]] * 2))
    found = torch.vmap(call)(*both)
    torch.testing.assert_close(found[0], expected, rtol=1e-9, atol=1e-13)
    torch.testing.assert_close(found[1], call(log_kernel.flip(1), *mass), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("tau", [1.0, 0.07, 0.01, 1e-3, 1e-12, 1e-45, 1e-300])
def test_the_compiled_teacher_is_that_of_eager_until_rounding_decides(tau, dtype):
    scores = waves(5, 7, dtype=dtype)
    call = partial(teacher_assignment, tau=tau)
    expected = call(scores)
    for found in (compiled(call)(scores), torch.vmap(call)(scores[None])[0]):
        torch.testing.assert_close(found.sum(1), torch.ones_like(found[:, 0]), rtol=0, atol=1e-6)
        if tau >= 1e-3:
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 if dtype != torch.float64 else 1e-12)


@pytest.mark.parametrize("tau", [0.2, 0.002])
def test_slopes_of_the_teacher_by_either_way(tau):
    scores = waves(3, 5)
    call = partial(teacher_assignment, tau=tau)
    expected = torch.autograd.functional.jacobian(call, scores)
    torch.testing.assert_close(torch.func.jacrev(call)(scores), expected, rtol=1e-7, atol=1e-9)


def test_more_rows_than_a_block_holds():
    log_kernel, mass = waves(8209, 11), masses(8209, 11)
    call = partial(sinkhorn, steps=3)
    expected = call(log_kernel.exp(), *mass)
    torch.testing.assert_close(compiled(call)(log_kernel.exp(), *mass), expected, rtol=1e-12, atol=0)


def test_what_leaves_the_range_is_not_finite_where_nobody_can_be_told():
    kernel, ones = torch.tensor([[1e-320, 1e-320], [1, 1]], dtype=torch.float64), torch.ones(2).double()
    call = partial(sinkhorn, steps=1)
    with pytest.raises(FloatingPointError):
        call(kernel, ones, ones)
    assert not compiled(call)(kernel, ones, ones).isfinite().all()


def test_the_meta_device_knows_shapes_and_dtypes():
    kernel, *mass = (each.to("meta") for each in (waves(5, 7).float(), *masses(5, 7, torch.float32)))
    for form in (sinkhorn, sinkhorn_log, sinkhorn_stabilised):
        plan = form(kernel, *mass, steps=2)
        assert plan.is_meta and plan.shape == (5, 7) and plan.dtype == torch.float32
    assert teacher_assignment(kernel, tau=0.1).shape == (5, 7)
    assert convergence_rate(kernel, *mass).shape == ()
    with pytest.raises(ValueError, match="row_mass must have the dtype of kernel"):
        sinkhorn(kernel, mass[0].double(), mass[1], steps=2)
