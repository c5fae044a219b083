"""The exercises ask for what the package does, at rates where rounding cannot decide."""

import math

import torch

from mmnotes.page import check
from mmnotes.page.exercises import exercise_of


def test_the_floor_of_the_next_id_is_the_same_in_both_precisions():
    for _, frames, _, _, seconds in exercise_of("mrope-4").inputs:
        single = torch.tensor(frames - 1, dtype=torch.float32) * seconds * 2
        assert math.floor(2 * (frames - 1) * seconds) == int(single.floor())


def test_the_next_id_in_plain_python_is_right():
    def after_film(start, frames, height, width, seconds):
        return start + max(math.floor(2 * (frames - 1) * seconds), height - 1, width - 1) + 1

    assert check("mrope-4", after_film).right is True


def test_a_dealer_that_takes_from_the_sections_leaves_them_as_they_were():
    def dealt(sections):
        axes = []
        while sum(sections):
            for axis in range(3):
                if sections[axis]:
                    sections[axis] -= 1
                    axes.append(axis)
        return axes

    assert "An axis that is used up leaves its places to time" in check("mrope-1", dealt).message
    assert check("mrope-1", exercise_of("mrope-1").solution).right is True
