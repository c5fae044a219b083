"""Block-sparse attention: a film's tokens in small boxes, each of which reads the few boxes whose mean is most like it.

Papers: Meituan LongCat team, LongCat-Video technical report (2025), section 3.4.2 and appendix A.2; Liu et al., Ring
attention with blockwise transformers (2023).

Differs:
- a product of gathered keys, where the released code is a kernel that reads them in place;
- the number of blocks is the same for every query block: no choice by a cumulative share;
- queries and keys have one grid and one shape of block;
- the ring has no backward pass and overlaps nothing; the blocks of one process have one size.
"""

from mmnotes.block_sparse_attention.attention import (
    attend_blocks,
    block_sparse_attention,
    gathered_blocks,
    partial_attention,
)
from mmnotes.block_sparse_attention.blocks import block_centres, block_count, from_blocks, to_blocks
from mmnotes.block_sparse_attention.choice import (
    block_mask,
    block_mass,
    block_scores,
    highest,
    kept_count,
    nearness,
    recall,
)
from mmnotes.block_sparse_attention.cost import dense_multiply_adds, sparse_multiply_adds
from mmnotes.block_sparse_attention.fields import alike, patches, smooth_field, turned
from mmnotes.block_sparse_attention.ring import merged, ring_attention

__all__ = [
    "alike",
    "attend_blocks",
    "block_centres",
    "block_count",
    "block_mask",
    "block_mass",
    "block_scores",
    "block_sparse_attention",
    "dense_multiply_adds",
    "from_blocks",
    "gathered_blocks",
    "highest",
    "kept_count",
    "merged",
    "nearness",
    "partial_attention",
    "patches",
    "recall",
    "ring_attention",
    "smooth_field",
    "sparse_multiply_adds",
    "to_blocks",
    "turned",
]
