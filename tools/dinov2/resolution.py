"""A short last phase at a higher resolution: ``python -m tools.dinov2.resolution``, after ``tools.dinov2.train``.

As in the paper's appendix the whole recipe goes on from the trained weights, its schedules compressed to the steps
of the phase, with a lower rate. Crops of the same scenes have half as many pixels again on each side, and positions are
resampled. The rival goes on for as many steps at the old resolution.
``python -m tools.dinov2.resolution 96 0`` trains one of them.
"""

import sys

import torch

from mmnotes.dino.pretrained import SEEDS, SIZE
from tools.dino.distilling import optimiser_of
from tools.dinov2.distilling import balanced_answers, spread
from tools.dinov2.train import kept
from tools.ibot.distilling import Filled, loss_through
from tools.training import rate, train_

STEPS, HIGH = 100, 96
RATE, WARM_UP = 3e-4, 10
SIZES = (SIZE, HIGH)


def train_one(size: int, seed: int) -> None:
    """The phase of a run at this resolution."""
    model = Filled(shared=False, steps=STEPS)
    trained = kept("whole", seed)
    model.student.load_state_dict(trained.student.state_dict())
    model.teacher.load_state_dict(trained.teacher.state_dict())
    loss_of = loss_through(model, exchanged=True, size=size, answers=balanced_answers, penalty=spread)
    train_(model, optimiser_of(model), loss_of, rate_at, name=f"dinov2-at-{size}", steps=STEPS, seed=seed)


def rate_at(step: int) -> float:
    """Up, and to zero along a cosine."""
    return rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP, first=1)


def main() -> None:
    """Train the one that the command line names, or all."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        size, number = map(int, sys.argv[1:])
        train_one(size, number)
        return
    for seed in SEEDS:
        for size in SIZES:
            train_one(size, seed)


if __name__ == "__main__":
    main()
