"""Turning queries and keys against transformers, and against copying them.

q and k have the shapes of one layer of a language model with 32 heads for queries and 8 for keys. The function of
transformers is called as its models call it, with tables in the dtype of q. A copy is the least that a function can do
that returns something new.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from transformers.models.cohere.modeling_cohere import apply_rotary_pos_emb as adjacent_by_transformers
from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb

from bench.timing import Row, race
from mmnotes.layers.rotation import frequency_ladder, rotate_adjacent, rotate_halves

TOKENS, PLANES, HEADS = 4096, 64, (32, 8)
SHAPES = "q (1, 32, 4096, 128), k (1, 8, 4096, 128)"


def rows() -> Iterator[Row]:
    """Every comparison, in the order it is made."""
    angles = torch.arange(TOKENS)[None, :, None] * frequency_ladder(planes=PLANES, base=5e6)
    cos, sin = angles.cos(), angles.sin()
    for dtype, name in ((torch.float32, "fp32"), (torch.bfloat16, "bf16")):
        yield from halves_rows(name, *vectors(dtype), cos, sin)
    yield adjacent_row(*vectors(torch.float32), cos, sin)


def halves_rows(name: str, q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> Iterator[Row]:
    """`rotate_halves` forward, forward and backward, and beside a copy."""
    doubled = [torch.cat([table, table], -1).to(q.dtype) for table in (cos, sin)]

    def ours(q: Tensor = q, k: Tensor = k) -> tuple[Tensor, Tensor]:
        return rotate_halves(q, cos, sin), rotate_halves(k, cos, sin)

    def theirs(q: Tensor = q, k: Tensor = k) -> tuple[Tensor, Tensor]:
        return apply_rotary_pos_emb(q, k, *doubled)

    yield race(f"rotate_halves, {name}, {SHAPES}; transformers", ours, theirs, aim="2")
    yield race(f"rotate_halves, {name}; copying q and k", ours, lambda: (q.clone(), k.clone()), aim="1 at best")
    fresh = [each.clone().requires_grad_() for each in (q, k)]
    gradients = [torch.ones_like(each) for each in fresh]
    yield race(
        f"rotate_halves, {name}, forward and backward; transformers",
        lambda: torch.autograd.grad(ours(*fresh), fresh, gradients),
        lambda: torch.autograd.grad(theirs(*fresh), fresh, gradients),
        aim="2",
    )


def adjacent_row(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> Row:
    """`rotate_adjacent` against the function of transformers' Cohere."""
    repeated = [table.repeat_interleave(2, -1) for table in (cos, sin)]
    return race(
        "rotate_adjacent, fp32; transformers' Cohere",
        lambda: (rotate_adjacent(q, cos, sin), rotate_adjacent(k, cos, sin)),
        lambda: adjacent_by_transformers(q, k, *repeated),
        aim="2",
    )


def vectors(dtype: torch.dtype) -> list[Tensor]:
    """Queries and keys."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(1, heads, TOKENS, 2 * PLANES, generator=generator).to(dtype) for heads in HEADS]
