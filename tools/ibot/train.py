"""Train the vision transformers of the chapter `ibot` and write mmnotes/ibot/weights.npz: minutes each on one core.

Three recipes, three seeds each, at the steps and with the scenes of the chapter on DINO: patches share the head of
[CLS], over the same ground and over exchanged ones, or have their own, over exchanged ones. ``python -m
tools.ibot.train shared exchanged 0`` trains one of them.
"""

import sys
from pathlib import Path

import torch

from mmnotes.dino.pretrained import SEEDS
from tools.dino.distilling import STEPS, optimiser_of, rate_at
from tools.ibot.distilling import Filled, loss_through
from tools.training import KEPT, train_

RECIPES = (("shared", "exchanged"), ("shared", "same"), ("own", "exchanged"))
SNAPSHOTS = (0, STEPS)


def train_one(head: str, ground: str, seed: int) -> Filled:
    """A run of this recipe and seed, trained; the teacher's backbone at some steps is kept beside it."""
    torch.manual_seed(seed)
    model = Filled(shared=head == "shared")
    optimiser, name = optimiser_of(model), f"ibot-{head}-{ground}"
    loss_of = loss_through(model, exchanged=ground == "exchanged")
    for step in SNAPSHOTS:
        train_(model, optimiser, loss_of, rate_at, name=name, steps=step, seed=seed)
        KEPT.mkdir(parents=True, exist_ok=True)
        if not snapshot(head, ground, seed, step).exists():
            torch.save(model.teacher["backbone"].state_dict(), snapshot(head, ground, seed, step))
    return model


def snapshot(head: str, ground: str, seed: int, step: int) -> Path:
    """Where the teacher's backbone of a step is kept."""
    return KEPT / f"ibot-{head}-{ground}-{seed}-at-{step}.pt"


def main() -> None:
    """Train the one that the command line names, or all."""
    torch.set_num_threads(1)
    chosen = [sys.argv[1:]] if sys.argv[1:] else [(*recipe, seed) for seed in SEEDS for recipe in RECIPES]
    for head, ground, seed in chosen:
        train_one(head, ground, int(seed))


if __name__ == "__main__":
    main()
