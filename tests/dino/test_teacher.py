"""The teacher is the average of its student over time."""

import pytest
import torch
from torch import nn

from mmnotes.dino import DINOHead, teacher_momentum, teacher_of, update_teacher_

# cosine_scheduler(0.996, 1, 2 epochs, 5 steps) of github.com/facebookresearch/dino at 7c446df5b9, utils.py.
RELEASED = [
    0.996,
    0.9960978869674096,
    0.9963819660112501,
    0.996824429495415,
    0.9973819660112501,
    0.998,
    0.9986180339887499,
    0.9991755705045849,
    0.9996180339887499,
    0.9999021130325904,
]


def head(seed: int = 0) -> DINOHead:
    torch.manual_seed(seed)
    return DINOHead(dim=3, hidden=5, bottleneck=2, prototypes=7).double()


def test_after_many_steps_it_is_the_weighted_sum_of_its_students():
    student, momentum = head(), 0.8
    teacher, first = teacher_of(student), [each.clone() for each in student.parameters()]
    seen = []
    for step in range(5):
        for parameter in student.parameters():
            nn.init.normal_(parameter, std=1.0 + step)
        seen.append([each.clone() for each in student.parameters()])
        update_teacher_(teacher, student, momentum=momentum)
    for number, found in enumerate(teacher.parameters()):
        expected = momentum**5 * first[number]
        for age, each in enumerate(reversed(seen)):
            expected = expected + (1 - momentum) * momentum**age * each[number]
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


def test_it_starts_equal_and_apart_and_nobody_trains_it():
    student = head()
    teacher = teacher_of(student)
    for theirs, own in zip(teacher.parameters(), student.parameters(), strict=True):
        assert torch.equal(theirs, own) and theirs.data_ptr() != own.data_ptr()
        assert own.requires_grad and not theirs.requires_grad
    before = [each.clone() for each in student.parameters()]
    update_teacher_(teacher, head(1), momentum=0.5)
    assert all(torch.equal(*pair) for pair in zip(before, student.parameters(), strict=True))


def test_the_ends_of_the_momentum():
    student, teacher = head(), teacher_of(head(1))
    before = [each.clone() for each in teacher.parameters()]
    update_teacher_(teacher, student, momentum=1.0)
    assert all(torch.equal(*pair) for pair in zip(before, teacher.parameters(), strict=True))
    update_teacher_(teacher, student, momentum=0.0)
    assert all(torch.equal(*pair) for pair in zip(student.parameters(), teacher.parameters(), strict=True))


def test_the_momentum_rises_as_the_authors_does():
    found = [teacher_momentum(step=step, steps=10) for step in range(11)]
    assert found[:10] == pytest.approx(RELEASED, rel=1e-12) and found[10] == 1


def test_what_is_refused():
    student = head()
    with pytest.raises(ValueError, match=r"momentum must be within 0 and 1, got 1\.5"):
        update_teacher_(teacher_of(student), student, momentum=1.5)
    with pytest.raises(ValueError, match="student must have the teacher's parameters, got others in prototypes"):
        update_teacher_(DINOHead(dim=3, hidden=5, bottleneck=2, prototypes=8), student, momentum=0.5)
    with pytest.raises(ValueError, match="step must be within 0 and steps = 10, got 11"):
        teacher_momentum(step=11, steps=10)
    with pytest.raises(ValueError, match="step must be within 0 and steps = 0, got 0"):
        teacher_momentum(step=0, steps=0)
    with pytest.raises(ValueError, match="momentum must be within 0 and 1, got -1"):
        teacher_momentum(step=1, steps=10, start=-1)
