"""Train the vision transformers of the chapter `dinov2` and write mmnotes/dinov2/weights.npz: minutes each on one core.

Over exchanged grounds, at the steps and with the scenes of the chapters before: the whole recipe, and the same without
KoLeo, three seeds each. What differs between that and iBOT is in ``tools.ibot.train``'s run with a second head.
``python -m tools.dinov2.train whole 0`` trains one of them.
"""

import sys

import torch

from mmnotes.dino.pretrained import SEEDS
from tools.dino.distilling import STEPS, optimiser_of, rate_at
from tools.dino.train import MANTISSA
from tools.dinov2.distilling import balanced_answers, spread
from tools.ibot.distilling import Filled, loss_through
from tools.training import check_whole, kept_state, rounded, train_, write

FILE = "dinov2/weights.npz"
PENALTIES = {"whole": spread, "balanced": torch.zeros_like}


def train_one(recipe: str, seed: int) -> Filled:
    """A run of this recipe and seed, trained."""
    torch.manual_seed(seed)
    model = Filled(shared=False)
    loss_of = loss_through(model, exchanged=True, answers=balanced_answers, penalty=PENALTIES[recipe])
    train_(model, optimiser_of(model), loss_of, rate_at, name=f"dinov2-{recipe}", steps=STEPS, seed=seed)
    return model


def kept(recipe: str, seed: int) -> Filled:
    """Student, teacher and heads of a run that is whole."""
    check_whole(name=f"dinov2-{recipe}", seed=seed, steps=STEPS)
    model = Filled(shared=False)
    model.load_state_dict(kept_state(name=f"dinov2-{recipe}", seed=seed))
    return model.requires_grad_(False)


def main() -> None:
    """Train the one that the command line names, or all and write the file."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        recipe, seed = sys.argv[1:]
        train_one(recipe, int(seed))
        return
    entries = {}
    for recipe in PENALTIES:
        for number in SEEDS:
            backbone = train_one(recipe, number).teacher["backbone"]
            if recipe == "whole":
                entries |= rounded(backbone.state_dict(), bits=MANTISSA, prefix=f"{number}.")
    write(FILE, entries)


if __name__ == "__main__":
    main()
