"""Sinkhorn-Knopp's invariants, on matrices and masses that hypothesis makes up."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmnotes.sinkhorn import sinkhorn, teacher_assignment
from tests.sinkhorn.cases import FORMS, every_form

# The same examples in every run, on any machine; how long one takes is no property.
repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
POSITIVE = st.floats(0.1, 10)


def vectors(length, numbers=POSITIVE):
    return st.lists(numbers, min_size=length, max_size=length).map(
        lambda values: torch.tensor(values, dtype=torch.float64)
    )


@st.composite
def problems(draw, zeros=False):
    """A kernel with positive entries, or a few zeros off a positive first row and column, and masses of one total."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    kernel = draw(vectors(rows * columns)).view(rows, columns)
    if zeros:
        kernel[1:, 1:] *= draw(vectors((rows - 1) * (columns - 1), st.sampled_from([0.0, 1.0]))).view(
            rows - 1, columns - 1
        )
    row_mass, column_mass = draw(vectors(rows)), draw(vectors(columns))
    return kernel, row_mass / row_mass.sum(), column_mass / column_mass.sum()


@every_form
@repeatable
@given(problems(zeros=True), st.integers(1, 9))
def test_the_side_updated_last_is_exact(form, problem, steps):
    kernel, row_mass, column_mass = problem
    plan = form(kernel.log(), row_mass, column_mass, steps=steps)
    torch.testing.assert_close(plan.sum(0), column_mass, rtol=1e-12, atol=0)
    assert (plan[kernel == 0] == 0).all()


@repeatable
@given(problems(), st.integers(1, 9))
def test_every_sample_of_the_teacher_spreads_mass_one(problem, steps):
    scores = problem[0]
    plan = teacher_assignment(scores, tau=0.1, steps=steps)
    torch.testing.assert_close(plan.sum(1), torch.ones(len(scores)).double(), rtol=1e-12, atol=0)


@every_form
@repeatable
@given(problems(zeros=True), st.integers(1, 9), st.randoms(use_true_random=False))
def test_permuting_goes_through(form, problem, steps, random):
    kernel, row_mass, column_mass = problem
    row_order, column_order = (torch.tensor(random.sample(range(n), n)) for n in kernel.shape)
    expected = form(kernel.log(), row_mass, column_mass, steps=steps)[row_order][:, column_order]
    permuted = kernel[row_order][:, column_order].log()
    found = form(permuted, row_mass[row_order], column_mass[column_order], steps=steps)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-14)


@every_form
@repeatable
@given(problems(zeros=True), st.integers(1, 9), st.data())
def test_scaling_the_rows_changes_nothing_at_any_number_of_steps(form, problem, steps, data):
    kernel, row_mass, column_mass = problem
    factors = data.draw(vectors(len(kernel)))
    expected = form(kernel.log(), row_mass, column_mass, steps=steps)
    found = form((factors[:, None] * kernel).log(), row_mass, column_mass, steps=steps)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-14)


@every_form
@repeatable
@given(problems(), st.data())
def test_scaling_the_columns_vanishes_in_the_limit(form, problem, data):
    kernel, row_mass, column_mass = problem
    factors = data.draw(vectors(kernel.shape[1]))
    expected = form(kernel.log(), row_mass, column_mass, steps=500)
    found = form((factors * kernel).log(), row_mass, column_mass, steps=500)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_scaling_the_columns_changes_a_finite_number_of_steps(steps):
    kernel = torch.tensor([[1.0, 0.1, 2.0], [0.2, 3.0, 0.5]]).double()
    mass = torch.full((2,), 3.0).double(), torch.full((3,), 2.0).double()
    factors = torch.tensor([1.0, 4.0, 0.25]).double()
    change = sinkhorn(factors * kernel, *mass, steps=steps) - sinkhorn(kernel, *mass, steps=steps)
    assert change.abs().max() > 1e-3


@repeatable
@given(problems(), st.integers(1, 9), st.floats(0.125, 8))
def test_the_plan_has_the_unit_of_the_masses(problem, steps, unit):
    kernel, row_mass, column_mass = problem
    expected = unit * sinkhorn(kernel, row_mass, column_mass, steps=steps)
    for form in FORMS.values():
        found = form(kernel.log(), unit * row_mass, unit * column_mass, steps=steps)
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-14)
