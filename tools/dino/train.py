"""Train the vision transformers of the chapter `dino` and write mmnotes/dino/weights.npz: minutes each on one core.

Two recipes, three seeds each: the views of a scene show its object on the same ground, or on two. At equal steps and
with the same scenes; nothing else differs. Of a third, with two grounds and a warmer teacher, one
seed is trained, for its curves. ``python -m tools.dino.train exchanged 0`` trains one of them.
"""

import sys
from pathlib import Path

import torch

from mmnotes.dino.pretrained import GROUNDS, SEEDS
from tools.dino.distilling import STEPS, Distilled, loss_through, optimiser_of, rate_at
from tools.training import KEPT, rounded, train_, write

FILE = "dino/weights.npz"
SNAPSHOTS = (0, 50, 100, 200, 400, 600, STEPS)
WARM, WARM_TAU = "warm", 0.04
MANTISSA = 4  # bits; what the study measures does not move


def train_one(ground: str, seed: int) -> Distilled:
    """A run of this recipe and seed, trained; the teacher's backbone at some steps is kept beside it."""
    torch.manual_seed(seed)
    model = Distilled()
    optimiser, name = optimiser_of(model), f"dino-{ground}"
    loss_of = loss_through(model, exchanged=ground == "exchanged")
    for step in SNAPSHOTS:
        if snapshot(ground, seed, step).exists():
            continue
        if step:
            train_(model, optimiser, loss_of, rate_at, name=name, steps=step, seed=seed)
        KEPT.mkdir(parents=True, exist_ok=True)
        torch.save(model.teacher["backbone"].state_dict(), snapshot(ground, seed, step))
    train_(model, optimiser, loss_of, rate_at, name=name, steps=STEPS, seed=seed)
    return model


def train_warm(seed: int = 0) -> None:
    """The run with a warmer teacher, whose answers come close to the uniform one."""
    torch.manual_seed(seed)
    model = Distilled()
    loss_of = loss_through(model, exchanged=True, teacher_tau=WARM_TAU)
    train_(model, optimiser_of(model), loss_of, rate_at, name=f"dino-{WARM}", steps=STEPS, seed=seed)


def snapshot(ground: str, seed: int, step: int) -> Path:
    """Where the teacher's backbone of a step is kept."""
    return KEPT / f"dino-{ground}-{seed}-at-{step}.pt"


def main() -> None:
    """Train the one that the command line names, or all and write the file."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        ground, seed = sys.argv[1:]
        train_warm(int(seed)) if ground == WARM else train_one(ground, int(seed))
        return
    train_warm()
    entries = {}
    for ground in GROUNDS:
        for number in SEEDS:
            backbone = train_one(ground, number).teacher["backbone"]
            entries |= rounded(backbone.state_dict(), bits=MANTISSA, prefix=f"{ground}.{number}.")
    write(FILE, entries)


if __name__ == "__main__":
    main()
