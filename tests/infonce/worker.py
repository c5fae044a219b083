"""What each process of tests/test_infonce_sharded.py does: torchrun gives it the data and a folder for its results."""

import sys
from pathlib import Path

import torch
from torch import distributed as dist

from mmnotes.infonce import sharded_info_nce
from mmnotes.infonce.gather_ways import compare


def averaged(tensors):
    """What DistributedDataParallel makes of gradients."""
    sums = [each.clone() for each in tensors]
    for each in sums:
        dist.all_reduce(each)
    return [each / dist.get_world_size() for each in sums]


def main(data, results):
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    place, count = dist.get_rank(), dist.get_world_size()
    state = torch.load(data)
    image, text = (state[name].chunk(count)[place] for name in ("image", "text"))
    weights = [state[name].requires_grad_() for name in ("to_image", "to_text", "log_scale")]
    loss = sharded_info_nce(image @ weights[0].T, text @ weights[1].T, scale=weights[2].exp())
    found = {"mean": averaged([loss.detach(), *torch.autograd.grad(loss, weights)]), "ways": compare(Path(data))}
    try:
        sharded_info_nce(image[place:], image[place:], scale=1.0)
    except ValueError as error:
        found["refused"] = str(error)
    torch.save({"loss": loss.detach(), **found}, Path(results, f"{place}.pt"))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
