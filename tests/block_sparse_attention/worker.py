"""What each process of test_ring.py does: the place of the store, the data, a folder for results, number and count."""

import sys
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed as dist

from mmnotes.block_sparse_attention import ring_attention

WAIT = timedelta(seconds=150)  # for a neighbour, on a machine that has much to do


def main(store, data, results, rank, count):
    torch.set_num_threads(1)
    place, world = int(rank), int(count)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=place, world_size=world, timeout=WAIT)
    blocks = [x.chunk(world, dim=2)[place] for x in torch.load(data)]
    found = {reads: ring_attention(*blocks, count=reads) for reads in (1, 3, 8)}
    try:
        ring_attention(*(x[:, :, : 2 - place % 2] for x in blocks), count=1)
    except ValueError as error:
        found["refused"] = str(error)
    torch.save(found, Path(results, f"{place}.pt"))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
