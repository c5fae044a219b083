"""The numbers of the labs that the page computes, against the definition and against their JavaScript."""

import math

import pytest
import torch

from mmnotes.flow import formulas
from mmnotes.page import Choice, Numeric
from tests.held import agrees

START = torch.randn(5, 2, generator=torch.Generator().manual_seed(2))
RING = torch.tensor([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0]])
SOLVER, TIME = formulas.solver(START, RING), formulas.time(START, {"ring": RING, "two": RING[:2]})


def test_the_pages_do_the_same(tmp_path):
    steps, shift = Numeric("steps", (1, 4), 4, (1, 64)), Numeric("shift", (1.0, 2.0), 1.0, (0.5, 8.0))
    agrees(SOLVER, {"solver": Choice("solver", ["Euler", "Heun"]), "shift": shift, "steps": steps}, tmp_path)
    gone = Numeric("gone", (0.0, 0.6), 0.6, (0.0, 1.0))
    agrees(TIME, {"shape": Choice("shape", ["ring", "two"]), "gone": gone}, tmp_path)


@pytest.mark.parametrize("solver", ["Euler", "Heun"])
def test_many_steps_end_where_the_exact_field_does(solver):
    few, many = (SOLVER.numbers(solver=solver, shift=2.0, steps=n, own=formulas.OWN) for n in (2, 64))
    assert many["off"] < 0.2 * few["off"]
    assert torch.allclose(many["own_track"][-1], many["own_ends"], atol=0.1)
    assert torch.equal(many["own_track"][0], torch.tensor(formulas.OWN, dtype=torch.float64))


def test_one_step_of_eulers_lands_in_the_middle_of_the_data():
    found = SOLVER.numbers(solver="Euler", shift=1.0, steps=1, own=formulas.OWN)
    assert torch.allclose(found["reached"], RING.double().mean(0).expand(5, 2), atol=1e-6)


def test_points_are_near_a_centre_at_the_end_and_where_they_started_before():
    first, last = (TIME.numbers(shape="two", gone=gone, own=formulas.OWN[:1]) for gone in (0.0, 1.0))
    assert torch.equal(first["now"], START.double()) and last["near"] == 1
    assert math.isclose(first["size"], START.double().square().sum(1).mean().sqrt())


def test_the_density_is_a_mixture_of_gaussians_with_rows_that_go_up():
    found = formulas.density(RING[1:2].double(), 0.5, cells=5)
    assert found.argmax() == 3 * 5 + 2  # half of the way to (0, 2)
    variance = (0.5 * formulas.SPREAD) ** 2 + 0.25
    x, y = -formulas.REACH, formulas.REACH
    assert math.isclose(found[4, 0], math.exp(-(x**2 + (y - 1) ** 2) / (2 * variance)) / variance)
