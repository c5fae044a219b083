"""Sinkhorn-Knopp: the equations as loops, limits, gradients, the released teacher's numbers."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from mmnotes.sinkhorn import convergence_rate, sinkhorn, sinkhorn_stabilised, teacher_assignment
from tests.sinkhorn.cases import FORMS, every_form, every_form_and_kind, masses, problem, waves

# sinkhorn_knopp_teacher of github.com/facebookresearch/dinov2 at b8931f7bf9 (dinov2/loss/dino_clstoken_loss.py), torch
# 2.13.0, float32, for scores[b, k] = 0.5 cos(3b + 5k + bk); the key is (teacher_temp, n_iterations).
RELEASED = {
    (0.07, 3): """
        0.26145467 0.00522286 0.00000145 0.00020751 0.37145698 0.36026961 0.00138707
        0.00002574 0.00015064 0.00037490 0.13834047 0.36655858 0.04045950 0.45409018
        0.29667524 0.67825603 0.01616230 0.00882807 0.00007081 0.00000040 0.00000718
        0.00000030 0.00009449 0.67602181 0.04202243 0.00001707 0.00254261 0.27930129
        0.14474279 0.00002325 0.00295281 0.53506333 0.00035139 0.31686580 0.00000062""",
    (0.04, 3): """
        0.27077052 0.00014131 0.00000000 0.00000074 0.33378458 0.39528644 0.00001638
        0.00000003 0.00000035 0.00000122 0.07939734 0.40165389 0.01060656 0.50834066
        0.32325518 0.67555571 0.00068917 0.00049984 0.00000010 0.00000000 0.00000000
        0.00000000 0.00000019 0.72875011 0.01178588 0.00000001 0.00009992 0.25936389
        0.08748671 0.00000001 0.00003343 0.62534356 0.00000155 0.28713474 0.00000000""",
    (0.07, 1): """
        0.22418910 0.00535247 0.00000096 0.00026388 0.46290472 0.30505544 0.00223338
        0.00001578 0.00011038 0.00017792 0.12578775 0.32662389 0.02449588 0.52278835
        0.26184398 0.71545637 0.01104146 0.01155517 0.00009083 0.00000034 0.00001190
        0.00000027 0.00010149 0.47026670 0.05600825 0.00002229 0.00225650 0.47134459
        0.11542632 0.00002216 0.00182266 0.63279438 0.00040725 0.24952632 0.00000092""",
    (0.07, 5): """
        0.27311575 0.00575376 0.00000153 0.00020639 0.35919932 0.36036766 0.00135564
        0.00002752 0.00016987 0.00040570 0.14084423 0.36283955 0.04142694 0.45428622
        0.28614286 0.68990374 0.01577619 0.00810704 0.00006322 0.00000037 0.00000648
        0.00000031 0.00010085 0.69244379 0.04049514 0.00001599 0.00246419 0.26447973
        0.15062477 0.00002552 0.00310980 0.53015131 0.00033850 0.31574953 0.00000060""",
}


def loops(kernel, row_mass, column_mass, steps):
    """u_i = r_i / sum_j P_ij v_j, then v_j = c_j / sum_i P_ij u_i, from v = 1."""
    rows, columns = range(len(row_mass)), range(len(column_mass))
    kernel, v = kernel.double().tolist(), [1.0 for _ in columns]
    for _ in range(steps):
        u = [float(row_mass[i]) / sum(kernel[i][j] * v[j] for j in columns) for i in rows]
        v = [float(column_mass[j]) / sum(kernel[i][j] * u[i] for i in rows) for j in columns]
    return torch.tensor([[u[i] * kernel[i][j] * v[j] for j in columns] for i in rows], dtype=torch.float64)


def balanced(kernel, steps=3000):
    ones = torch.ones(len(kernel), dtype=torch.float64)
    return sinkhorn(kernel, ones, ones, steps=steps)


def test_shapes():
    log_kernel, mass = waves(5, 7), masses(5, 7)
    for form in FORMS.values():
        assert form(log_kernel, *mass, steps=2).shape == (5, 7)
    assert teacher_assignment(waves(3, 11), tau=0.1).shape == (3, 11)
    assert convergence_rate(balanced(torch.ones(7, 7).double()), *[torch.ones(7).double()] * 2).shape == ()


@every_form
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_forms_are_the_loops(form, steps):
    log_kernel, mass = waves(5, 7, scale=4.0), masses(5, 7)
    expected = loops(log_kernel.exp(), *mass, steps)
    torch.testing.assert_close(form(log_kernel, *mass, steps=steps), expected, rtol=1e-13, atol=1e-15)


def test_more_rows_than_a_block_holds():
    """Blocks of the kernel are an arrangement in memory and change nothing."""
    log_kernel, mass = waves(8209, 11), masses(8209, 11)
    u, v = torch.ones(8209).double(), torch.ones(11).double()
    for _ in range(3):
        u = mass[0] / (log_kernel.exp() @ v)
        v = mass[1] / (log_kernel.exp().T @ u)
    expected = u[:, None] * log_kernel.exp() * v
    torch.testing.assert_close(sinkhorn(log_kernel.exp(), *mass, steps=3), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("steps", [1, 3])
def test_teacher_is_the_loops_with_prototypes_as_rows(steps):
    scores, tau = waves(5, 7), 0.1
    expected = loops((scores / tau).exp().T, [5 / 7] * 7, [1.0] * 5, steps).T
    torch.testing.assert_close(teacher_assignment(scores, tau=tau, steps=steps), expected, rtol=1e-13, atol=1e-15)


def test_teacher_takes_three_steps_unless_told_otherwise():
    assert torch.equal(teacher_assignment(waves(5, 7), tau=0.1), teacher_assignment(waves(5, 7), tau=0.1, steps=3))


def test_rate_of_two_by_two_is_its_determinant():
    """The singular values are 1 and σ₂, so σ₂ is the determinant of R^(-1/2) Q C^(-1/2)."""
    (a, b), (c, d) = numbers = ((0.1, 0.3), (0.4, 0.2))
    rate = (a * d - b * c) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))
    plan = torch.tensor(numbers, dtype=torch.float64)
    assert convergence_rate(plan, plan.sum(1), plan.sum(0)).item() == pytest.approx(rate, rel=1e-12)


def test_one_step_of_the_teacher_is_centring_by_a_log_sum_exp():
    scores, tau = waves(5, 7), 0.07
    centre = tau * torch.logsumexp(scores / tau, dim=0)
    expected = torch.softmax((scores - centre) / tau, dim=1)
    torch.testing.assert_close(teacher_assignment(scores, tau=tau, steps=1), expected, rtol=1e-12, atol=1e-15)


@every_form
@pytest.mark.parametrize("steps", [1, 2, 10, 100, 1000])
def test_one_zero_decays_as_one_over_two_n_plus_one(form, steps):
    """A positive diagonal without total support: the limit is the identity, reached sublinearly, by no scaling."""
    log_kernel, ones = torch.tensor([[1.0, 1.0], [0.0, 1.0]]).double().log(), torch.ones(2).double()
    small = 1 / (2 * steps + 1)
    expected = torch.tensor([[1, small], [0, 1 - small]], dtype=torch.float64)
    torch.testing.assert_close(form(log_kernel, ones, ones, steps=steps), expected, rtol=0, atol=1e-11)


def test_without_a_positive_diagonal_the_limit_has_other_rows_and_the_plain_form_says_when_it_ends():
    kernel, ones = torch.tensor([[1.0, 1, 1], [1, 0, 0], [1, 0, 0]]).double(), torch.ones(3).double()
    limit = torch.tensor([[0, 1, 1], [0.5, 0, 0], [0.5, 0, 0]]).double()
    for form in FORMS.values():
        plan = form(kernel.log(), ones, ones, steps=100)
        torch.testing.assert_close(plan, limit, rtol=0, atol=1e-12)
        torch.testing.assert_close(plan.sum(0), ones, rtol=0, atol=1e-12)
    with pytest.raises(FloatingPointError, match="float64: pass log"):
        sinkhorn(kernel, ones, ones, steps=2000)
    tiny = torch.tensor([[1e-320, 1e-320], [1, 1]], dtype=torch.float64)
    for tiny_row_or_column in (tiny, tiny.T):
        with pytest.raises(FloatingPointError):
            sinkhorn(tiny_row_or_column, ones[:2], ones[:2], steps=1)
    for form in (FORMS["log"], FORMS["stabilised"]):
        torch.testing.assert_close(form(kernel.log(), ones, ones, steps=2000), limit, rtol=0, atol=1e-12)


@every_form
def test_kernels_that_are_balanced_after_one_step(form):
    identity = torch.eye(5).double()
    mass = masses(5, 7)
    rank_one = torch.outer(1 + torch.arange(5).double(), 2 + torch.arange(7).double())
    torch.testing.assert_close(form(identity.log(), mass[0], mass[0], steps=1), mass[0].diag())
    torch.testing.assert_close(form(rank_one.log(), *mass, steps=1), torch.outer(*mass))


def test_rate_at_its_ends():
    row_mass, column_mass = masses(5, 7)
    assert convergence_rate(torch.outer(row_mass, column_mass), row_mass, column_mass).item() < 1e-28
    blocks = torch.block_diag(torch.ones(2, 3).double() / 12, torch.ones(3, 4).double() / 24)
    assert convergence_rate(blocks, blocks.sum(1), blocks.sum(0)).item() == pytest.approx(1, abs=1e-12)
    one_row = torch.tensor([[0.2, 0.8]])
    assert convergence_rate(one_row, one_row.sum(1), one_row.sum(0)).item() == 0


@pytest.mark.parametrize("unit", [1e-30, 1e-18, 1.0, 1e18, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rate_has_no_unit(unit, dtype):
    """The product of two masses of 1e-30 is zero in float32."""
    mass = masses(5, 7)
    plan = sinkhorn_stabilised(waves(5, 7, scale=4.0), *mass, steps=200)
    expected = convergence_rate(plan, *mass)
    assert 0.05 < expected < 0.95
    found = convergence_rate(*((unit * each).to(dtype) for each in (plan, *mass)))
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("tau", [0.5, 0.2, 0.1, 0.05])
def test_rate_is_the_measured_one(tau):
    log_kernel = torch.randn(13, 17, generator=torch.Generator().manual_seed(0)).double() * 0.3 / tau
    mass = masses(13, 17)
    rate = convergence_rate(sinkhorn_stabilised(log_kernel, *mass, steps=3000), *mass).item()
    steps = math.ceil(math.log(1e-11) / math.log(rate))
    first, second = (
        (sinkhorn_stabilised(log_kernel, *mass, steps=n).sum(1) - mass[0]).norm().item() for n in (steps, steps + 1)
    )
    assert second / first == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize(("kind", "softmaxes"), [("fits", 0), ("log first", 1), ("absorbed", 2)])
def test_the_problems_are_what_they_are_called(kind, softmaxes, monkeypatch):
    """The stabilised form makes a plan by softmax where exp(L) does not fit, and again where it absorbs u."""
    taken, softmax = [], torch.softmax
    monkeypatch.setattr(torch, "softmax", lambda *args, **options: taken.append(args) or softmax(*args, **options))
    sinkhorn_stabilised(*problem(kind, 3, 5), steps=9)
    assert len(taken) == softmaxes


@every_form_and_kind
def test_gradients(form, kind):
    def plan(log_kernel, row_weight, column_weight):
        return FORMS[form](log_kernel, row_weight.softmax(0), column_weight.softmax(0), steps=9)

    log_kernel, *mass = problem(kind, 3, 5)
    inputs = (log_kernel, *(each.log() for each in mass))
    assert gradcheck(plan, tuple(each.clone().requires_grad_() for each in inputs), atol=1e-6)
    for index in range(3):  # each alone: what needs no gradient may be scaled in place, what does may not
        alone = [each.clone().requires_grad_(index == place) for place, each in enumerate(inputs)]
        assert gradcheck(plan, tuple(alone), atol=1e-6)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("tau", [0.2, 0.002])
def test_teacher_gradients(tau, steps):
    scores = waves(3, 5).requires_grad_()
    assert gradcheck(lambda scores: teacher_assignment(scores, tau=tau, steps=steps), (scores,), eps=1e-8, atol=1e-4)


@pytest.mark.parametrize(("tau", "steps"), RELEASED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_teacher_equals_the_released_numbers(tau, steps, dtype):
    expected = torch.tensor([float(number) for number in RELEASED[tau, steps].split()], dtype=dtype).view(5, 7)
    found = teacher_assignment(waves(5, 7, dtype=dtype), tau=tau, steps=steps)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
