"""What each process of tests/sinkhorn/test_sharded.py does: torchrun gives it the data and a folder for its results."""

import sys
from pathlib import Path

import torch
from torch import distributed as dist

from mmnotes.sinkhorn import sharded_assignment, teacher_assignment


def main(data, results):
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    place = dist.get_rank()
    state = torch.load(data)
    own, before = state["scores"].split(state["sizes"])[place], state["scores"].clone()
    found = [sharded_assignment(own, tau=tau, steps=steps) for tau, steps in state["settings"]]
    alone = [teacher_assignment(own, tau=tau, steps=steps) for tau, steps in state["settings"]]
    kept = torch.equal(before, state["scores"])
    torch.save({"found": found, "alone": alone, "kept": kept}, Path(results, f"{place}.pt"))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
