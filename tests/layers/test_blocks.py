"""A block of rows fits the cache, and there is always at least one row in it."""

import pytest
import torch

from mmnotes.layers.blocks import BLOCK_BYTES, block_rows


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("columns", [1, 7, 1024, 10**7])
def test_as_many_rows_as_fit_and_not_one_more(columns, dtype):
    matrix = torch.empty(3, columns, dtype=dtype, device="meta")
    count, row_bytes = block_rows(matrix), columns * matrix.element_size()
    assert count == 1 or count * row_bytes <= BLOCK_BYTES
    assert (count + 1) * row_bytes > BLOCK_BYTES


def test_a_matrix_without_columns_fits_at_once():
    assert block_rows(torch.empty(5, 0)) >= 5
