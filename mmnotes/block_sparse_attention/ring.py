"""A film that is spread over processes: keys and values go round, and every process adds up what it reads of them.

Papers: Liu et al., Ring attention with blockwise transformers (2023); LongCat-Video technical report (2025), A.2.2.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch import distributed as dist

from mmnotes.block_sparse_attention.attention import partial_attention
from mmnotes.block_sparse_attention.choice import block_scores, highest

Partial = tuple[Tensor, Tensor]


def merged(
    read: Float[Tensor, "*places dim"],
    logarithm: Float[Tensor, "*places"],
    other: Float[Tensor, "*places dim"],
    other_logarithm: Float[Tensor, "*places"],
) -> tuple[Float[Tensor, "*places dim"], Float[Tensor, "*places"]]:
    """Attention to two sets of keys, from attention to each and the logarithms of their
    sums of exponentials.

    A set of no keys has the logarithm minus infinity, and changes nothing.

    Shapes: two of (places, dim) and (places,) -> (places, dim) and (places,).
    Source: LongCat-Video, bsa_interface.py, flash_attn_fwd_softmax_lse_correction and
    flash_attn_fwd_out_correction.
    Differs: two sets of no keys together read zeros, where the released functions give NaN.
    """
    total = torch.logaddexp(logarithm, other_logarithm)
    finite = torch.where(total.isneginf(), torch.zeros_like(total), total)
    share, other_share = ((each - finite).exp()[..., None] for each in (logarithm, other_logarithm))
    return share * read + other_share * other, total


def ring_attention(
    query: Float[Tensor, "batch heads query_blocks inside dim"],
    key: Float[Tensor, "batch heads blocks inside dim"],
    value: Float[Tensor, "batch heads blocks inside dim"],
    *,
    count: int,
) -> Float[Tensor, "batch heads query_blocks inside dim"]:
    """What this process' queries read when each process has equally many blocks.

    All means are gathered, so that the choice is the one of a single process. Then keys
    and values go round: W - 1 times each process hands on what it holds and receives
    its neighbour's, and reads of it what it has chosen there. Without a process group
    there is one process. A collective of the process group cannot be traced.

    Shapes: query, key and value (batch, heads, blocks, inside, dim), this process'
    blocks -> as query.
    Errors: ValueError if processes have different numbers of blocks, or for a count
    that is not from 1 to the number of blocks of all.
    Source: LongCat-Video technical report, A.2.2; bsa_interface.py,
    make_block_indices_varlen_cp_list; communicate.py, p2p_communicate.
    Differs: forward pass alone, and nothing is computed while something is sent.
    """
    rank, world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    own = key.shape[2]
    means = _gathered(key.mean(dim=3, keepdim=True), world)
    chosen = highest(block_scores(query, means), count=count)
    read, logarithm = torch.zeros_like(query), torch.full_like(query[..., 0], float("-inf"))
    for step in range(world):
        part = _part(query, key, value, chosen - (rank - step) % world * own)
        read, logarithm = merged(read, logarithm, *part)
        if step < world - 1:
            key, value = _handed_on(torch.stack([key, value]), rank=rank, world=world)
    return read


def _part(query: Tensor, key: Tensor, value: Tensor, places: Int[Tensor, "..."]) -> Partial:
    """Of the blocks that are here, those that a query block has chosen come first, and the rest is cut off."""
    valid = (places >= 0) & (places < key.shape[2])
    order = valid.long().argsort(dim=-1, descending=True, stable=True)
    most = max(1, int(valid.sum(dim=-1).max()))
    places, valid = (each.gather(-1, order)[..., :most] for each in (places, valid))
    return partial_attention(query, key, value, places.clamp(0, key.shape[2] - 1), valid)


def _gathered(means: Tensor, world: int) -> Tensor:
    if world == 1:
        return means
    sizes = [torch.zeros(1, dtype=torch.long) for _ in range(world)]
    dist.all_gather(sizes, torch.tensor([means.shape[2]]))
    if len(set(counts := [int(size) for size in sizes])) > 1:
        raise ValueError(f"key must have equally many blocks on every process, got {counts}")
    every = [torch.empty_like(means, memory_format=torch.contiguous_format) for _ in range(world)]
    dist.all_gather(every, means.contiguous())
    return torch.cat(every, dim=2)


def _handed_on(held: Tensor, *, rank: int, world: int) -> Tensor:
    """What the process before this one held."""
    received = torch.empty_like(held)
    ways = [
        dist.P2POp(dist.isend, held, (rank + 1) % world),
        dist.P2POp(dist.irecv, received, (rank - 1) % world),
    ]
    for request in dist.batch_isend_irecv(ways):
        request.wait()
    return received
