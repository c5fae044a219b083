"""What Sinkhorn's functions refuse: one bad input per argument, and the message names it and what came."""

import math
import re

import pytest
import torch
from jaxtyping import TypeCheckError

from mmnotes.sinkhorn import convergence_rate, sinkhorn, sinkhorn_log, sinkhorn_stabilised, teacher_assignment

KERNEL, ROWS, COLUMNS = torch.full((2, 3), 1 / 6), torch.full((2,), 1 / 2), torch.full((3,), 1 / 3)
CALLS = {
    "sinkhorn": (sinkhorn, {"kernel": KERNEL, "row_mass": ROWS, "column_mass": COLUMNS, "steps": 1}),
    "convergence_rate": (convergence_rate, {"plan": KERNEL, "row_mass": ROWS, "column_mass": COLUMNS}),
    "sinkhorn_log": (
        sinkhorn_log,
        {"log_kernel": KERNEL.log(), "row_mass": ROWS, "column_mass": COLUMNS, "steps": 1},
    ),
    "sinkhorn_stabilised": (
        sinkhorn_stabilised,
        {"log_kernel": KERNEL.log(), "row_mass": ROWS, "column_mass": COLUMNS, "steps": 1},
    ),
    "teacher_assignment": (teacher_assignment, {"scores": KERNEL, "tau": 0.1, "steps": 1}),
}
LOG_FORMS = ["sinkhorn_log", "sinkhorn_stabilised"]
PLAIN_FORMS = [("sinkhorn", "kernel"), ("convergence_rate", "plan")]
WITH_MASSES = [*LOG_FORMS, "sinkhorn", "convergence_rate"]


def refused(name, error, message, **bad):
    function, arguments = CALLS[name]
    with pytest.raises(error, match=re.escape(message)):
        function(**{**arguments, **bad})


def matrix(*rows):
    return torch.tensor(rows)


@pytest.mark.parametrize("name", CALLS)
def test_the_good_input_is_good(name):
    function, arguments = CALLS[name]
    assert function(**arguments).isfinite().all()


@pytest.mark.parametrize(("name", "argument"), PLAIN_FORMS)
@pytest.mark.parametrize(
    ("entry", "came"), [(-1.0, "from -1 to 1"), (math.nan, "from nan to nan"), (math.inf, "from 1 to inf")]
)
def test_kernel_entries(name, argument, entry, came):
    message = f"{argument} must be finite and >= 0, got entries {came}"
    refused(name, ValueError, message, **{argument: matrix([1.0, entry, 1.0], [1.0, 1.0, 1.0])})


@pytest.mark.parametrize(("name", "argument"), PLAIN_FORMS)
def test_empty_rows_and_columns(name, argument):
    message = f"{argument} must have a positive entry in every"
    row, column = matrix([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]), matrix([1.0, 1.0, 0.0], [1.0, 1.0, 0.0])
    refused(name, ValueError, f"{message} row; row 1 has none", **{argument: row})
    refused(name, ValueError, f"{message} column; column 2 has none", **{argument: column})


@pytest.mark.parametrize("name", LOG_FORMS)
def test_log_kernel_entries(name):
    for entry, came in ((math.inf, "inf"), (math.nan, "nan")):
        bad = matrix([1.0, entry, 1.0], [1.0, 1.0, 1.0])
        message = f"log_kernel must not be +inf or NaN, got a largest entry of {came}"
        refused(name, ValueError, message, log_kernel=bad)
    message = "log_kernel must have a positive entry in every"
    refused(name, ValueError, f"{message} row; row 0 has none", log_kernel=matrix([-math.inf] * 3, [0.0] * 3))
    refused(name, ValueError, f"{message} column; column 1 has none", log_kernel=matrix(*[[0.0, -math.inf, 0.0]] * 2))


@pytest.mark.parametrize("name", WITH_MASSES)
@pytest.mark.parametrize("entry", [0.0, -0.5, math.inf, math.nan])
def test_mass_entries(name, entry):
    came = "nan to nan" if math.isnan(entry) else f"{min(entry, 0.5):g} to {max(entry, 0.5):g}"
    message = f"must be positive and finite, got {came}"
    refused(name, ValueError, f"row_mass {message}", row_mass=torch.tensor([0.5, entry]))
    refused(name, ValueError, f"column_mass {message}", column_mass=torch.tensor([0.5, 0.5, entry]))


@pytest.mark.parametrize("name", WITH_MASSES)
def test_mass_totals_and_dtypes(name):
    refused(name, ValueError, "row_mass and column_mass must have equal totals, got 2 and 1", row_mass=4 * ROWS / 2)
    refused(name, ValueError, "row_mass and column_mass must have equal totals, got 1 and 3", column_mass=3 * COLUMNS)
    expected = "torch.float32, got torch.float64"
    refused(name, ValueError, "row_mass must have the dtype of", row_mass=ROWS.double())
    refused(name, ValueError, expected, column_mass=COLUMNS.double())


@pytest.mark.parametrize(
    ("plan", "came"),
    [
        ([[0.5, 0.0], [0.1, 0.4]], "column 0 has 0.6 and column_mass 0.5"),
        ([[0.3, 0.3], [0.3, 0.1]], "row 0 has 0.6 and row_mass 0.5"),
        ([[0.2501, 0.25], [0.25, 0.25]], "row 0 has 0.5001 and row_mass 0.5"),
    ],
)
def test_a_rate_is_that_of_a_balanced_plan(plan, came):
    """Of any other plan the number could be more than one."""
    half = torch.full((2,), 0.5).double()
    message = f"plan must be balanced, each row and column with its mass; {came}; take more steps"
    with pytest.raises(ValueError, match=re.escape(message)):
        convergence_rate(torch.tensor(plan).double(), half, half)


def test_a_plan_may_be_off_by_rounding():
    plan = sinkhorn(torch.rand(999, 7, generator=torch.Generator().manual_seed(0)) + 1, *masses_of_ones(), steps=20)
    assert 0 < convergence_rate(plan, *masses_of_ones()) < 0.1


def masses_of_ones():
    return torch.ones(999), torch.full((7,), 999 / 7)


def test_totals_may_differ_by_rounding():
    rows, columns = torch.full((7,), 1 / 7), torch.full((999,), 1 / 999)
    assert rows.sum() != columns.sum()
    assert sinkhorn(torch.ones(7, 999), rows, columns, steps=1).isfinite().all()


@pytest.mark.parametrize("name", [name for name in CALLS if name != "convergence_rate"])
@pytest.mark.parametrize("steps", [0, -3])
def test_steps(name, steps):
    refused(name, ValueError, f"steps must be >= 1, got {steps}", steps=steps)


@pytest.mark.parametrize("tau", [0.0, -0.1, math.nan])
def test_tau(tau):
    refused("teacher_assignment", ValueError, f"tau must be > 0, got {tau}", tau=tau)


@pytest.mark.parametrize(
    ("entry", "came"), [(math.inf, "from 1 to inf"), (-math.inf, "from -inf to 1"), (math.nan, "from nan to nan")]
)
def test_scores(entry, came):
    bad = matrix([1.0, entry, 1.0], [1.0, 1.0, 1.0])
    refused("teacher_assignment", ValueError, f"scores must be finite, got entries {came}", scores=bad)


@pytest.mark.parametrize("name", CALLS)
def test_nothing_to_scale(name):
    argument = next(iter(CALLS[name][1]))
    empty = {"row_mass": torch.ones(0)} if "row_mass" in CALLS[name][1] else {}
    message = f"{argument} must not be empty, got the shape (0, 3)"
    refused(name, ValueError, message, **{argument: torch.ones(0, 3)}, **empty)


@pytest.mark.parametrize("name", WITH_MASSES)
def test_wrong_lengths_name_the_argument(name):
    for argument in ("row_mass", "column_mass"):
        refused(name, TypeCheckError, f"typechecking parameter '{argument}'", **{argument: torch.ones(5)})


@pytest.mark.parametrize("name", CALLS)
def test_wrong_kinds_name_the_argument(name):
    argument = next(iter(CALLS[name][1]))
    refused(name, TypeCheckError, f"typechecking parameter '{argument}'", **{argument: torch.ones(2, 3, 4)})
    refused(name, TypeCheckError, f"typechecking parameter '{argument}'", **{argument: torch.ones(2, 3).long()})
