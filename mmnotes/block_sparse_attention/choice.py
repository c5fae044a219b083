"""Which blocks of keys a block of queries reads: by means, by true mass, by distance; and what the choice keeps.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), appendix A.2.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mmnotes.block_sparse_attention.blocks import Grid, block_centres


def block_scores(
    query: Float[Tensor, "batch heads query_blocks inside dim"],
    key: Float[Tensor, "batch heads blocks context dim"],
) -> Float[Tensor, "batch heads query_blocks blocks"]:
    """The product of the means of two blocks, which is the mean score of their pairs.

    Blocks of keys may have another size than those of queries.

    Shapes: query (batch, heads, query_blocks, inside, dim), key (batch, heads, blocks,
    context, dim), turned by position already -> (batch, heads, query_blocks, blocks).
    Source: LongCat-Video, bsa_interface.py, mean_pooling_compression and cal_score.
    Differs: divided by the root of dim, as the report writes and the code does not.
    """
    means, others = query.mean(dim=-2), key.mean(dim=-2)
    scores: Tensor = means @ others.transpose(-1, -2) / query.shape[-1] ** 0.5
    return scores


def highest(
    scores: Float[Tensor, "batch heads query_blocks blocks"], *, count: int
) -> Int[Tensor, "batch heads query_blocks chosen"]:
    """The ``count`` blocks with the highest scores, each query block for itself, in increasing order.

    What comes out are places, so no gradient goes back into the scores.

    Shapes: scores (batch, heads, query_blocks, blocks) -> (batch, heads, query_blocks, count).
    Errors: ValueError if count is not from 1 to the number of blocks.
    Source: LongCat-Video, bsa_interface.py, get_select_indices_topk_from_score and topk_sort.
    """
    if not 1 <= count <= scores.shape[-1]:
        raise ValueError(f"count must be from 1 to the {scores.shape[-1]} blocks there are, got {count}")
    return scores.topk(count, dim=-1).indices.sort(dim=-1).values


def kept_count(*, blocks: int, sparsity: float) -> int:
    """How many blocks are left of ``blocks``, rounded down.

    There is nothing to trace.

    Errors: ValueError for a sparsity that is not from 0 to below 1, or that leaves no block: the released code would
    choose none, and divide by a sum over nothing.
    Source: LongCat-Video, bsa_interface.py, get_select_indices_topk_from_score, int((1 - sparsity) * blocks).
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity must be from 0 to below 1, got {sparsity}")
    if (count := int((1 - sparsity) * blocks)) < 1:
        raise ValueError(f"sparsity must leave a block of {blocks}, got {sparsity}")
    return count


def nearness(*, grid: Grid, block: Grid) -> Float[Tensor, "blocks others"]:
    """Minus the distance between the middles of two blocks: a choice that looks at no content.

    It is made of numbers alone: there is nothing to trace.

    Shapes: -> (blocks, blocks).
    Errors: ValueError if blocks do not fit the grid.
    """
    centres = block_centres(grid=grid, block=block)
    return -torch.cdist(centres, centres)


def block_mass(
    query: Float[Tensor, "batch heads query_blocks inside dim"],
    key: Float[Tensor, "batch heads blocks inside dim"],
) -> Float[Tensor, "batch heads query_blocks blocks"]:
    """What dense attention gives each block: the weights of its keys added up, the mean over the block's queries.

    Each row sums to one. It costs what dense attention costs; one block of queries is held at a time.

    Shapes: query (batch, heads, query_blocks, inside, dim), key (batch, heads, blocks, inside, dim) -> (batch, heads,
    query_blocks, blocks).
    """
    blocks, inside, dim = key.shape[-3:]
    every = key.flatten(2, 3).transpose(-1, -2) / dim**0.5
    rows = []
    for number in range(query.shape[2]):
        weights = (query[:, :, number] @ every).softmax(dim=-1)
        rows.append(weights.unflatten(-1, (blocks, inside)).sum(dim=-1).mean(dim=-2))
    return torch.stack(rows, dim=2)


def recall(
    mass: Float[Tensor, "batch heads query_blocks blocks"],
    chosen: Int[Tensor, "batch heads query_blocks chosen"],
) -> Float[Tensor, "batch heads query_blocks"]:
    """The share of dense attention that lies on the chosen blocks.

    Shapes: mass (batch, heads, query_blocks, blocks), chosen (batch, heads, query_blocks, chosen) -> (batch, heads,
    query_blocks).
    """
    return mass.gather(-1, chosen).sum(dim=-1)


def block_mask(
    chosen: Int[Tensor, "batch heads query_blocks chosen"], *, blocks: int
) -> Bool[Tensor, "batch heads query_blocks blocks"]:
    """True where a block of queries reads a block of keys.

    Shapes: chosen (batch, heads, query_blocks, chosen) -> (batch, heads, query_blocks, blocks).
    Source: LongCat-Video, bsa_interface.py, create_mask_from_indices_varlen.
    """
    numbers = torch.arange(blocks, device=chosen.device)
    return (chosen[..., None] == numbers).any(dim=-2)
