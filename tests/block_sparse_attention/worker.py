"""What each process of test_ring.py does: a folder with the data, for meeting and for results; and its own number."""

import sys
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed as dist

from mmnotes.block_sparse_attention import ring_attention

WAIT = timedelta(seconds=150)  # for a neighbour, on a machine that has much to do


def main(folder, number):
    torch.set_num_threads(1)
    place = int(number)
    for world in (4, 2):
        if place < world:
            torch.save(found(Path(folder), place, world), Path(folder, f"{world}-{place}.pt"))


def found(folder, place, world):
    """What this process reads in a ring of so many."""
    store = f"file://{folder}/store-{world}"
    dist.init_process_group("gloo", init_method=store, rank=place, world_size=world, timeout=WAIT)
    blocks = [x.chunk(world, dim=2)[place] for x in torch.load(folder / "data.pt")]
    read = {count: ring_attention(*blocks, count=count) for count in (1, 3, 8)}
    try:
        ring_attention(*(x[:, :, : 2 - place % 2] for x in blocks), count=1)
    except ValueError as error:
        read["refused"] = str(error)
    dist.barrier()
    dist.destroy_process_group()
    return read


if __name__ == "__main__":
    main(*sys.argv[1:])
