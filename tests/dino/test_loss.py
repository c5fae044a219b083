"""DINO's loss: the equation as loops, its gradient, the authors' numbers, and who gets no gradient."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from mmnotes.dino import centred_targets, cross_entropies, cross_view_loss, dino_loss, updated_centre
from tests.dino.cases import waves

# DINOLoss of github.com/facebookresearch/dino at 7c446df5b9 (main_dino.py), torch 2.13.0, float32, one process of gloo:
# three calls in a row, student logits waves(6, 5, 7), teacher logits waves(2, 5, 7, shift=1) times scale; the loss, the
# centre after it, and its gradient by the first picture of the first crop.
RELEASED = [
    {
        "scale": 1.0,
        "teacher_tau": 0.04,
        "loss": 3.55431414,
        "centre": [0.0041875896, 0.0012294566, 0.0008368668, -0.0429999605, -0.0181294531, 0.0005994969, 0.0028751448],
        "slope": [0.0974914208, -0.0672367217, -0.0031757366, 0.0000147171, 0.0050539807, 0.0932955518, -0.1254432201],
    },
    {
        "scale": 1.5,
        "teacher_tau": 0.04,
        "loss": 3.52923059,
        "centre": [0.0100502148, 0.0029506960, 0.0020084803, -0.1031998992, -0.0435106903, 0.0014387923, 0.0069003478],
        "slope": [0.0974915624, -0.0569204055, -0.0005753884, 0.0000147182, 0.0050539807, 0.0932962522, -0.1383607388],
    },
    {
        "scale": 2.25,
        "teacher_tau": 0.07,
        "loss": 3.53370595,
        "centre": [0.0184672698, 0.0054219048, 0.0036905822, -0.1896297932, -0.0799508989, 0.0026437817, 0.0126793897],
        "slope": [0.0974915624, -0.0628376380, -0.0012418630, 0.0000147181, 0.0050539812, 0.0932962447, -0.1317770034],
    },
]


def loops(student, teacher, centre, student_tau, teacher_tau):
    """1 / (2 (n - 1)) Σ_u Σ_{v≠u} mean_b -Σ_k p_t log p_s, one number at a time."""

    def distribution(row, tau):
        powers = [math.exp(each / tau) for each in row]
        return [each / sum(powers) for each in powers]

    (views, batch, _), crops, total = teacher.shape, len(student), 0.0
    for u in range(views):
        for v in range(crops):
            for b in range(batch):
                target = distribution((teacher[u, b] - centre).tolist(), teacher_tau)
                said = distribution(student[v, b].tolist(), student_tau)
                if u != v:
                    total -= sum(t * math.log(s) for t, s in zip(target, said, strict=True)) / batch
    return total / (views * (crops - 1))


@pytest.mark.parametrize(("crops", "views"), [(2, 2), (6, 2), (5, 3), (3, 1)])
def test_is_the_loops(crops, views):
    student, teacher = waves(crops, 5, 7).double(), waves(views, 5, 7, shift=1).double()
    centre = torch.linspace(-0.3, 0.2, 7).double()
    expected = loops(student, teacher, centre, 0.1, 0.04)
    assert dino_loss(student, teacher, centre).item() == pytest.approx(expected, rel=1e-12)
    found = dino_loss(student, teacher, centre, student_tau=0.3, teacher_tau=0.2).item()
    assert found == pytest.approx(loops(student, teacher, centre, 0.3, 0.2), rel=1e-12)


def test_equals_the_authors_numbers_over_three_steps():
    """The centre moves after it was used: used before, the first loss would differ in its third digit."""
    centre = torch.zeros(7)
    for step in RELEASED:
        student, teacher = waves(6, 5, 7).requires_grad_(), step["scale"] * waves(2, 5, 7, shift=1)
        loss = dino_loss(student, teacher, centre, teacher_tau=step["teacher_tau"])
        assert loss.item() == pytest.approx(step["loss"], rel=1e-6)
        (slope,) = torch.autograd.grad(loss, student)
        torch.testing.assert_close(slope[0, 0], torch.tensor(step["slope"]), rtol=1e-5, atol=1e-7)
        early = updated_centre(centre, teacher)
        used_early = dino_loss(student, teacher, early, teacher_tau=step["teacher_tau"]).item()
        assert used_early != pytest.approx(step["loss"], rel=1e-4)
        centre = early
        torch.testing.assert_close(centre, torch.tensor(step["centre"]), rtol=0, atol=1e-7)


def test_the_gradient_is_the_difference_of_the_two_accounts():
    student, teacher = waves(6, 5, 7).double().requires_grad_(), waves(2, 5, 7, shift=1).double()
    centre = torch.linspace(-0.3, 0.2, 7).double()
    (slope,) = torch.autograd.grad(dino_loss(student, teacher, centre), student)
    said, targets = (student / 0.1).softmax(-1), centred_targets(teacher, centre)
    for crop in range(6):
        others = [view for view in range(2) if view != crop]
        expected = sum((said[crop] - targets[view]) / 0.1 for view in others) / (2 * 5) / 5
        torch.testing.assert_close(slope[crop], expected, rtol=1e-10, atol=1e-14)
    assert gradcheck(lambda student: dino_loss(student, teacher, centre), student)


def test_nothing_but_the_student_gets_a_gradient():
    student, teacher, centre = waves(3, 2, 5).requires_grad_(), waves(2, 2, 5).requires_grad_(), torch.zeros(5)
    dino_loss(student, teacher, centre.requires_grad_()).backward()
    assert student.grad is not None and teacher.grad is None and centre.grad is None
    targets = waves(2, 2, 5).softmax(-1).requires_grad_()
    cross_view_loss(student, targets).backward()
    assert targets.grad is None


def test_a_crop_is_not_compared_with_itself():
    student, teacher = waves(4, 5, 7), waves(2, 5, 7, shift=1)
    terms = cross_entropies(student, centred_targets(teacher, torch.zeros(7)))
    assert terms.shape == (2, 4)
    rest = [terms[u, v] for u in range(2) for v in range(4) if u != v]
    torch.testing.assert_close(dino_loss(student, teacher, torch.zeros(7)), torch.stack(rest).mean())


def test_targets_that_do_not_sum_to_one_are_taken_as_they_are():
    """What subtracting the mean after the softmax would give: rows that sum to zero."""
    student = waves(3, 5, 7).double()
    rows = waves(2, 5, 7).double().softmax(-1)
    literal = rows - rows.mean((0, 1))
    expected = -(literal[:, None] * (student / 0.1).log_softmax(-1)).sum(-1).mean(-1)
    torch.testing.assert_close(cross_entropies(student, literal), expected, rtol=1e-10, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-3, 3), tau=st.floats(0.02, 2))
def test_a_constant_in_the_centre_or_in_a_row_of_logits_changes_nothing(shift, tau):
    student, teacher, centre = (
        waves(4, 3, 5).double(),
        waves(2, 3, 5, shift=1).double(),
        torch.linspace(0, 1, 5).double(),
    )
    expected = dino_loss(student, teacher, centre, teacher_tau=tau)
    for moved in (
        (student, teacher, centre + shift),
        (student, teacher + shift, centre),
        (student + shift, teacher, centre),
    ):
        torch.testing.assert_close(dino_loss(*moved, teacher_tau=tau), expected, rtol=1e-9, atol=1e-12)


def test_the_least_is_the_targets_entropy():
    """Two views that agree, and a student that says what they say: all that is left is the entropy."""
    teacher = waves(1, 5, 7).double().expand(2, -1, -1)
    student = 0.1 / 0.04 * teacher.repeat(2, 1, 1)
    entropy = torch.special.entr((teacher[0] / 0.04).softmax(-1)).sum(-1).mean()
    torch.testing.assert_close(dino_loss(student, teacher, torch.zeros(7).double()), entropy, rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_promoted_under_autocast_too(dtype):
    student, teacher = waves(4, 3, 5, dtype=dtype), waves(2, 3, 5, shift=1, dtype=dtype)
    centre = torch.zeros(5, dtype=dtype)
    expected = dino_loss(student.float(), teacher.float(), centre.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = dino_loss(student, teacher, centre)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)


def test_what_is_refused():
    student, teacher, centre = waves(3, 2, 5), waves(2, 2, 5), torch.zeros(5)
    with pytest.raises(ValueError, match="student must hold at least 2 crops, got 1"):
        cross_view_loss(student[:1], teacher[:1].softmax(-1))
    with pytest.raises(ValueError, match="student must hold at least 2 crops, got 1"):
        dino_loss(student[:1], teacher, centre)
    with pytest.raises(ValueError, match="student must hold at least one picture"):
        cross_entropies(student[:, :0], teacher[:, :0])
    for name in ("student_tau", "teacher_tau"):
        with pytest.raises(ValueError, match="tau must be positive and finite, got 0"):
            dino_loss(student, teacher, centre, **{name: 0.0})
    with pytest.raises(TypeError, match="centre"):
        dino_loss(student, teacher, torch.zeros(6))
