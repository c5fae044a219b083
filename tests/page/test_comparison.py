"""Results of every form become tensors, and are compared at their own precision."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from mmnotes.page.comparison import UnusableError, gap, is_close, tensor_of


@pytest.mark.parametrize(
    ("value", "dtype", "entries"),
    [
        (1, torch.int64, 1),
        (2**70, torch.float64, 2.0**70),
        (0.1, torch.float64, 0.1),
        (True, torch.bool, True),
        (1j, torch.complex128, 1j),
        (Fraction(1, 4), torch.float64, 0.25),
        (Decimal("0.1"), torch.float64, 0.1),
        (np.float32(0.5), torch.float32, 0.5),
        (np.bool_(True), torch.bool, True),
        (np.arange(3)[::-1], torch.int64, [2, 1, 0]),
        (range(3), torch.int64, [0, 1, 2]),
        ([[1, 2.5], (3, 4)], torch.float64, [[1.0, 2.5], [3.0, 4.0]]),
        ([torch.tensor([1, 2]), np.array([0.5, 1.5])], torch.float64, [[1.0, 2.0], [0.5, 1.5]]),
        ([], torch.float32, []),
        (torch.ones(2, requires_grad=True, dtype=torch.bfloat16), torch.bfloat16, [1.0, 1.0]),
    ],
)
def test_a_result_is_read_from_any_form(value, dtype, entries):
    result = tensor_of(value)
    assert result.dtype == dtype and result.tolist() == entries and not result.requires_grad


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is a return missing"),
        (..., "is a return missing"),
        ("62", "of type str"),
        ({"a": 1}, "of type dict"),
        (["a"], "of type str"),
        (np.array(["a"]), "of type ndarray"),
        (int, "of type type"),
        ([[1, 2], [3]], "entries differ in shape"),
        (torch.ones(2, device="meta"), "meta device"),
    ],
)
def test_what_cannot_be_read_is_said(value, words):
    with pytest.raises(UnusableError, match=words):
        tensor_of(value)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_a_result_is_compared_at_the_precision_of_its_dtype(dtype):
    want = torch.tensor([1 / 3, 2 / 3], dtype=torch.float64)
    got, grain = want.to(dtype), 2 * torch.finfo(dtype).eps
    assert is_close(got, want, tolerance=1e-15)
    assert is_close((want * (1 + grain)).to(dtype), want, tolerance=1e-15)
    assert not is_close((want * (1 + 8 * grain)).to(dtype), want, tolerance=1e-15)


def test_the_tolerance_of_the_exercise_holds_where_it_is_wider():
    want = torch.tensor(1.0, dtype=torch.float64)
    assert is_close(want + 0.01, want, tolerance=0.02)
    assert not is_close(want + 0.05, want, tolerance=0.02)


@pytest.mark.parametrize(
    ("got", "want", "close"),
    [
        (62, 62, True),
        (62.0, 62, True),
        (62.0000001, 62, False),
        (10**9 + 1, 10**9, False),
        (2**53 + 1, 2**53, False),
        (True, 1, False),
        (1, True, True),
        ([1.0, 0.0], [True, False], True),
        ([1, 1], [True, False], False),
        (1, 1.0, True),
        (1 + 0j, 1.0, False),
        ([1.0], 1.0, False),
        (float("nan"), 1.0, False),
        ([float("-inf"), 5.0], [float("-inf"), 0.0], False),
        ([float("-inf"), 0.0], [float("-inf"), 0.0], True),
        ([], [], True),
    ],
)
def test_whole_numbers_and_truth_values_are_exact(got, want, close):
    assert is_close(tensor_of(got), tensor_of(want), tolerance=1e-4) is close


def test_a_whole_number_that_a_dtype_rounds_is_not_that_number():
    assert not is_close(torch.tensor(301, dtype=torch.bfloat16), torch.tensor(301), tolerance=1e-4)


def test_the_gap_is_the_largest_difference():
    assert gap([torch.tensor([1.0, 5.0]), torch.tensor(1)], [torch.tensor([2.0, 2.0]), torch.tensor(2)]) == 3
