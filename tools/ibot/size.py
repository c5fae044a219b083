"""DINO and iBOT with a larger network, to see whether the patch loss shows there: ``python -m tools.ibot.size``.

About a million weights instead of 0.17, over exchanged grounds, one seed; steps, scenes and settings are those of
``tools.ibot.train``. ``python -m tools.ibot.size iBOT`` trains one of them. Takes half an hour each on one core.
"""

import sys

import torch

from tools.dino import distilling as plain
from tools.dino.distilling import STEPS, Distilled, optimiser_of, rate_at
from tools.ibot import distilling as filled
from tools.training import train_

LARGE, SEED = {"dim": 128, "depth": 5}, 0
RUNS = {"DINO": "dino-large-exchanged", "iBOT": "ibot-large-exchanged"}


def train_one(way: str) -> None:
    """A run of the larger network."""
    torch.manual_seed(SEED)
    model: Distilled
    if way == "iBOT":
        model = filling = filled.Filled(shared=True, **LARGE)
        loss_of = filled.loss_through(filling, exchanged=True)
    else:
        model = Distilled(**LARGE)
        loss_of = plain.loss_through(model, exchanged=True)
    train_(model, optimiser_of(model), loss_of, rate_at, name=RUNS[way], steps=STEPS, seed=SEED)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for each in sys.argv[1:] or RUNS:
        train_one(each)
