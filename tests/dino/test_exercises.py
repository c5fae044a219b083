"""What the exercises ask for holds by automatic differentiation and by numbers."""

import torch

from mmnotes.dino import dino_loss
from mmnotes.dino.detaching import _gradient
from mmnotes.page import check
from mmnotes.page.exercises import exercise_of


def test_the_slope_is_that_of_autograd():
    def slope(student, target, tau):
        student = student.clone().requires_grad_()
        loss = -(target * (student / tau).log_softmax(-1)).sum()
        return torch.autograd.grad(loss, student)[0]

    assert check("dino-2", slope).right is True


def test_the_weights_of_past_students_sum_to_what_is_not_left_of_the_start():
    share = exercise_of("dino-3").solution
    assert abs(sum(share(0.9, age) for age in range(50)) - (1 - 0.9**50)) < 1e-12


def test_the_gradient_is_that_of_a_student_whose_teacher_stands_still():
    """By differences: the student's matrix moves, the teacher's does not."""
    weight, views, centre, *taus = exercise_of("dino-4").inputs[0]
    weight, views, centre = weight.double(), views.double(), centre.double()

    def loss(student):
        teacher = views[:2] @ weight.T
        return dino_loss(views @ student.T, teacher, centre, student_tau=taus[0], teacher_tau=taus[1])

    step = 1e-5 * torch.eye(weight.numel(), dtype=torch.float64).view(-1, *weight.shape)
    slopes = torch.stack([(loss(weight + each) - loss(weight - each)) / 2e-5 for each in step])
    found = _gradient(weight, views, centre, *taus)
    torch.testing.assert_close(found.flatten(), slopes, rtol=1e-5, atol=1e-7)
