"""What attention costs in multiply-adds, dense and by blocks.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), appendix A.2.3.
"""


def dense_multiply_adds(*, tokens: int, dim: int) -> int:
    """Of one head: a product of every query with every key, and of every weight with every value, 2 N² d.

    There is nothing to trace.

    Units: multiplications, each with its addition.
    """
    return 2 * tokens**2 * dim


def sparse_multiply_adds(*, tokens: int, dim: int, inside: int, count: int) -> int:
    """Of one head: the chosen blocks, 2 N r n d, and the products of all means, (N / n)² d.

    There is nothing to trace.

    Units: multiplications, each with its addition; the means' additions and the comparisons are left out.
    Errors: ValueError if blocks of ``inside`` tokens do not fit, or if count is not from 1 to their number.
    """
    if inside < 1 or tokens % inside:
        raise ValueError(f"inside must divide the {tokens} tokens, got {inside}")
    blocks = tokens // inside
    if not 1 <= count <= blocks:
        raise ValueError(f"count must be from 1 to the {blocks} blocks there are, got {count}")
    return 2 * tokens * count * inside * dim + blocks**2 * dim
