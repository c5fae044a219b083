"""Large matrices a block of rows at a time, so that what is made of a block stays in the processor's cache."""

from jaxtyping import Float
from torch import Tensor

BLOCK_BYTES = 2**19  # half a megabyte fits the second-level cache of current processors


def block_rows(matrix: Float[Tensor, "rows columns"]) -> int:
    """How many rows of a matrix fit the cache; at least one.

    The answer is a plain number, known from the shape: there is nothing to trace.

    Shapes: matrix (rows, columns) -> a number.
    """
    return max(1, BLOCK_BYTES // max(1, matrix.shape[1] * matrix.element_size()))
