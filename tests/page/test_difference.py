"""A wrong result is told what is off, in digits that show it."""

import math

import pytest
import torch

from mmnotes.page.comparison import tensor_of
from mmnotes.page.difference import coarseness, difference

MATRIX = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])
MASK = torch.tensor([[True, False], [True, True]])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (MATRIX.T, "The shape should be (2, 3), this is (3, 2). It looks transposed."),
        (MATRIX[0], "The shape should be (2, 3), this is (3,)."),
        (MATRIX + 0j, "The result is complex, and it should be real."),
        (MATRIX > 2, "truth values"),
        (-MATRIX, "The sign is off."),
        (2 * MATRIX, "It is 2 times the answer: a constant factor is off."),
        (1.001 * MATRIX, "It is 1.001 times the answer"),
        (1.00031 * MATRIX, "It is 1.0003 times the answer"),
        (MATRIX + 1, "Every entry is off by the same 1."),
        (MATRIX / 0, "infinite or not a number"),
        (
            MATRIX.clone().index_put((torch.tensor(1), torch.tensor(2)), torch.tensor(7.002)),
            "the largest difference is at (1, 2), where 7.002 should be 7.",
        ),
        (
            MATRIX.double().index_put((torch.tensor(1), torch.tensor(2)), torch.tensor(7.00002).double()),
            "where 7.00002 should be 7.",
        ),
        (MATRIX * 0, "The shape is right, the values are not"),
    ],
)
def test_a_wrong_tensor(answer, words):
    assert words in difference(tensor_of(answer), MATRIX, tolerance=1e-7)


def test_a_batch_of_transposes_is_named():
    batch = torch.arange(12.0).reshape(2, 2, 3)
    assert "looks transposed" in difference(batch.mT, batch, tolerance=1e-4)
    assert difference(batch[:, :, :2].mT, batch[:, :, :2], tolerance=1e-4) == "It is the transpose of the answer."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (~MASK, "True and False have changed places"),
        (MASK.T, "It is the transpose"),
        (MASK.clone().fill_(True), "at (0, 1), where True should be False."),
        (torch.zeros(2, 2), "at (0, 0), where False should be True."),
        (3 * MASK.int(), "at (0, 0), where False should be True."),
    ],
)
def test_a_wrong_mask(answer, words):
    assert words in difference(tensor_of(answer), MASK, tolerance=1e-4)


@pytest.mark.parametrize(
    ("answer", "want", "words"),
    [
        (3, 2.0, "3 is too large by 1 (1.5 times the answer)."),
        (0.15075, 0.150678, "0.15075 is too large by 7.2e-05 (1.0005 times the answer)."),
        (torch.tensor(0.15075), 0.150678, "0.15075 is too large by 7.2e-05 (1.0005 times the answer)."),
        (-1.0, 2.0, "-1 is too small by 3."),
        (0.5, 0.0, "0.5 is too large by 0.5."),
        (-2.0, 2.0, "The sign is off."),
        (22_319_617, 22_319_616, "22319617 is too large by 1."),
        (22_320_000.0, 22_319_616, "22320000 is too large by 384."),
        (61.9, 62, "61.9 is too small by 0.1 (0.9984 times the answer)."),
        ([10.4, 10.4], math.log(32768), "The result should be one number, this has the shape (2,)."),
    ],
)
def test_a_wrong_number(answer, want, words):
    assert words in difference(tensor_of(answer), tensor_of(want), tolerance=1e-4)


def test_a_dtype_that_cannot_hold_a_whole_number_is_named():
    coarse = torch.tensor(300, dtype=torch.bfloat16)
    assert "a whole number that bfloat16 cannot hold" in str(coarseness(coarse, torch.tensor(301)))
    assert coarseness(coarse, torch.tensor(300)) is None
    assert coarseness(coarse, torch.tensor(301.0)) is None
    assert coarseness(torch.tensor(300), torch.tensor(301)) is None
