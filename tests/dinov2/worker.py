"""One of two processes: the centre by the logits of both. Arguments: the data, and the folder for what was found."""

import sys
from pathlib import Path

import torch
from torch import distributed as dist

from mmnotes.dinov2 import sharded_centre

dist.init_process_group("gloo")
data, folder = torch.load(sys.argv[1]), Path(sys.argv[2])
mine = data["logits"].split(data["sizes"])[dist.get_rank()]
torch.save(sharded_centre(data["centre"], mine, momentum=0.7), folder / f"{dist.get_rank()}.pt")
dist.destroy_process_group()
