"""A checkpoint trained with one pairing, rewritten for the other: rows of weights, biases, and gains of norms.

All that has one number, or one row, for each entry of a query or key is permuted; values and outputs are not.
"""

from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.rotation import adjacent_order


def to_adjacent(entries: Float[Tensor, "rows *rest"], *, heads: int) -> Float[Tensor, "rows *rest"]:
    """What was trained with halves, for adjacent pairs: within each head 0, N, 1, N + 1, ...

    ``entries`` is W_q or W_k, one of their biases, or the gains of a norm of queries or keys. Gains that all heads
    share are one head's.

    Shapes: entries (rows, ...) with heads * dim rows -> the same.
    Errors: ValueError for heads < 1, or entries that are not heads * dim for an even dim.
    Source: the inverse of ``to_halves``.
    """
    return _permuted(entries, heads, back=False)


def to_halves(entries: Float[Tensor, "rows *rest"], *, heads: int) -> Float[Tensor, "rows *rest"]:
    """What was trained with adjacent pairs, for halves: within each head 0, 2, 4, ..., 1, 3, 5, ...

    Shapes: entries (rows, ...) with heads * dim rows -> the same.
    Errors: ValueError for heads < 1, or entries that are not heads * dim for an even dim.
    Source: ``permute`` in transformers' convert_llama_weights_to_hf.py, which it equals; that script meets weights
    alone, since LLaMA has no biases and no such norms.
    """
    return _permuted(entries, heads, back=True)


def _permuted(entries: Tensor, heads: int, *, back: bool) -> Tensor:
    if heads < 1 or entries.shape[0] % (2 * heads):
        rows = entries.shape[0]
        raise ValueError(f"entries must be heads * even dim, got {rows} for {heads} heads")
    by_head = entries.unflatten(0, (heads, -1))
    order = adjacent_order(planes=by_head.shape[1] // 2).to(entries.device)
    permuted: Tensor = by_head[:, order.argsort() if back else order].flatten(0, 1)
    return permuted
