"""Train the vision transformers of the chapter `ibot` and write mmnotes/ibot/weights.npz: minutes each on one core.

At the steps and with the scenes of the chapter on DINO: patches share the head of [CLS], over the same ground and over
exchanged ones, or have their own, over exchanged ones; three seeds each. The file holds the backbones with a
shared head over exchanged grounds. ``python -m tools.ibot.train shared exchanged 0`` trains one of them.
"""

import sys

import torch

from mmnotes.dino.pretrained import SEEDS
from tools.dino.distilling import STEPS, optimiser_of, rate_at
from tools.dino.train import MANTISSA
from tools.ibot.distilling import Filled, loss_through
from tools.training import rounded, train_, write

FILE = "ibot/weights.npz"
SHIPPED = "shared", "exchanged"
RECIPES = SHIPPED, ("shared", "same"), ("own", "exchanged")


def train_one(head: str, ground: str, seed: int) -> Filled:
    """A run of this recipe and seed, trained."""
    torch.manual_seed(seed)
    model = Filled(shared=head == "shared")
    optimiser, name = optimiser_of(model), f"ibot-{head}-{ground}"
    loss_of = loss_through(model, exchanged=ground == "exchanged")
    train_(model, optimiser, loss_of, rate_at, name=name, steps=STEPS, seed=seed)
    return model


def main() -> None:
    """Train the one that the command line names, or all and write the file."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        head, ground, seed = sys.argv[1:]
        train_one(head, ground, int(seed))
        return
    entries = {}
    for recipe in RECIPES:
        for number in SEEDS:
            backbone = train_one(*recipe, number).teacher["backbone"]
            if recipe == SHIPPED:
                entries |= rounded(backbone.state_dict(), bits=MANTISSA, prefix=f"{number}.")
    write(FILE, entries)


if __name__ == "__main__":
    main()
