"""Sinkhorn-Knopp at every temperature, dtype and memory layout, and what memory it takes."""

import math

import pytest
import torch

from bench.timing import peak_bytes
from mmnotes.sinkhorn import convergence_rate, sinkhorn, sinkhorn_log, sinkhorn_stabilised, teacher_assignment
from tests.sinkhorn.cases import FORMS, every_form_and_kind, every_kind, masses, problem, waves


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_teacher_is_finite_at_every_temperature(dtype):
    scores = waves(5, 7, dtype=dtype)
    for exponent in range(301):
        plan = teacher_assignment(scores, tau=10.0**-exponent)
        assert plan.dtype == torch.promote_types(dtype, torch.float32)
        torch.testing.assert_close(plan.sum(1), torch.ones_like(plan[:, 0]), rtol=0, atol=1e-6)
        assert teacher_assignment(scores - 1, tau=10.0**-exponent).isfinite().all()


@pytest.mark.parametrize("scores", [torch.zeros(3, 5), torch.full((3, 5), 1e-30), torch.full((3, 5), -2.0)])
def test_equal_scores_are_spread_evenly_at_every_temperature(scores):
    for tau in (1.0, 1e-30, 1e-60, 1e-300):
        torch.testing.assert_close(teacher_assignment(scores, tau=tau), torch.full((3, 5), 0.2))


def test_cold_teacher_is_log():
    """Scores 1e-5 apart at that temperature: what keeps the cold finite must not warm it."""
    scores, tau = waves(5, 7), 1e-5
    scores[:, 1] = scores[:, 0] + tau * torch.arange(5)
    expected = (
        sinkhorn_log(scores.T / tau, torch.full((7,), 5 / 7, dtype=torch.float64), torch.ones(5).double(), steps=3)
        .exp()
        .T
    )
    torch.testing.assert_close(teacher_assignment(scores, tau=tau), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_in_the_logarithm_changes_nothing(dtype):
    log_kernel, mass = waves(5, 7, dtype=dtype), masses(5, 7, dtype)
    expected = sinkhorn_stabilised(log_kernel, *mass, steps=3)
    for constant in (-2048.0, 2048.0):
        for found in (
            sinkhorn_log(log_kernel + constant, *mass, steps=3).exp(),
            sinkhorn_stabilised(log_kernel + constant, *mass, steps=3),
        ):
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("tau", [1.0, 0.1, 0.02, 0.01, 0.005, 0.002, 0.001])
def test_stabilised_is_log_at_every_temperature(tau, dtype):
    log_kernel, mass = waves(13, 17, scale=2 / tau), masses(13, 17)
    log_kernel[2::3, ::2] = -math.inf
    for steps in (*range(1, 31), 300):  # so many that the potentials are absorbed in the last one of some
        expected = sinkhorn_log(log_kernel, *mass, steps=steps).exp()
        found = sinkhorn_stabilised(log_kernel.to(dtype), *(each.to(dtype) for each in mass), steps=steps)
        assert found.dtype == dtype
        tolerance = 3e-5 if dtype is torch.float32 else 1e-12  # log P of 1000 is known to 3e-5 in float32
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    log_kernel = waves(5, 7, scale=4.0)
    mass = torch.full((5,), 7.0), torch.full((7,), 5.0)
    expected = sinkhorn_log(log_kernel.to(dtype).double(), *(each.double() for each in mass), steps=3).exp()
    for form in FORMS.values():
        plan = form(log_kernel.to(dtype), *(each.to(dtype) for each in mass), steps=3)
        assert plan.dtype == dtype
        torch.testing.assert_close(plan.double(), expected, rtol=20 * torch.finfo(dtype).eps, atol=1e-2)
    for function, matrix in (
        (sinkhorn, log_kernel.exp()),
        (sinkhorn_log, log_kernel),
        (sinkhorn_stabilised, log_kernel),
    ):
        arguments = [each.to(dtype) for each in (matrix, *mass)]
        in_float32 = function(*(each.float() for each in arguments), steps=3)
        assert torch.equal(function(*arguments, steps=3), in_float32.to(dtype)), "computed in float32, rounded once"
    plan = torch.outer(*mass).div(mass[0].sum()).to(dtype)
    found = convergence_rate(plan, *(each.to(dtype) for each in mass))
    assert found.dtype == dtype and found < 1e-3
    scores = waves(5, 7, dtype=dtype)
    assert torch.equal(teacher_assignment(scores, tau=0.1), teacher_assignment(scores.float(), tau=0.1))


@every_kind
def test_inputs_stay_and_their_layout_does_not_matter(kind):
    log_kernel, *mass = problem(kind, 5, 7)
    kernel, scores = waves(5, 7).exp(), log_kernel.clone()
    plan = torch.outer(*mass)
    before = [each.clone() for each in (log_kernel, kernel, *mass, scores, plan)]
    for form, matrix in ((sinkhorn, kernel), (sinkhorn_log, log_kernel), (sinkhorn_stabilised, log_kernel)):
        transposed = matrix.T.contiguous().T
        assert not transposed.is_contiguous()
        torch.testing.assert_close(form(transposed, *mass, steps=9), form(matrix, *mass, steps=9), rtol=1e-9, atol=0)
    transposed = scores.T.contiguous().T
    torch.testing.assert_close(teacher_assignment(transposed, tau=1.0), teacher_assignment(scores, tau=1.0))
    convergence_rate(plan, *mass)
    for changed, kept in zip((log_kernel, kernel, *mass, scores, plan), before, strict=True):
        assert torch.equal(changed, kept)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("entries", ["equal", "random"])
@pytest.mark.parametrize("form", ["plain", "stabilised"])
def test_columns_are_exact_over_a_million_rows(form, entries, steps):
    """Equal entries are the hardest: each step of a sum that grows one by one is rounded the same way."""
    log_kernel, rows = torch.full((1_000_000, 10), -0.3), torch.full((1_000_000,), 1e-6)
    if entries == "random":
        log_kernel.uniform_(generator=torch.Generator().manual_seed(0))
    columns = 1 + torch.arange(10.0)
    columns = columns / columns.sum()
    plan = FORMS[form](log_kernel, rows, columns, steps=steps)
    torch.testing.assert_close(plan.sum(0, dtype=torch.float64), columns.double(), rtol=1e-6, atol=0)


def test_very_many_rows_do_not_blur_the_rounds_either():
    """What the columns' sums lose in one round would stay in the rows' of the limit."""
    kernel = torch.rand(1_000_000, 10, generator=torch.Generator().manual_seed(0)).mul_(5).exp_()
    rows, columns = torch.full((1_000_000,), 1e-6), torch.full((10,), 0.1)
    plan = sinkhorn(kernel, rows, columns, steps=20)
    assert (plan.sum(1) / rows - 1).abs().max() < 3e-6


@every_form_and_kind
def test_at_most_three_copies_of_the_kernel(form, kind):
    """The input, the plan, and one more where logarithms are taken."""
    matrix, *mass = problem(kind, 509, 1021)
    function = {"plain": sinkhorn, "log": sinkhorn_log, "stabilised": sinkhorn_stabilised}[form]
    matrix = matrix.exp() if form == "plain" else matrix
    copies = 1 + peak_bytes(lambda: function(matrix, *mass, steps=9)) / matrix.nbytes
    assert copies == pytest.approx(2 if kind == "fits" and form != "log" else 3, abs=0.1)
