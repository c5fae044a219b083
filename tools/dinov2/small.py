"""A smaller student, taught by a large frozen teacher or by its own average: ``python -m tools.dinov2.small``.

As in the released distillation the teacher is frozen, its crops and the student's have no holes, and the student's
average is what is kept. Of each seed both small networks have the same first weights and see the same scenes in as
many steps. ``python -m tools.dinov2.small distilled 0`` trains one of them.
"""

import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmnotes.dino import DINOHead, cross_view_loss, teacher_of
from mmnotes.dino.pretrained import PATCH, SEEDS, SIZE
from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.sinkhorn import teacher_assignment
from tools.dino.distilling import (
    HEAD,
    STEPS,
    STUDENT_TAU,
    TEACHER_TAU,
    Distilled,
    follow_,
    logits,
    note_,
    optimiser_of,
    rate_at,
    views,
)
from tools.dinov2.train import kept
from tools.training import train_

DIM, DEPTH = 32, 2
WAYS = ("alone", "distilled")


class Small(Distilled):
    """The student and its average, both small and given pixels as they are; whoever teaches is not part of it."""

    def __init__(self) -> None:
        super().__init__()
        sizes = {"size": SIZE, "patch": PATCH, "dim": DIM, "depth": DEPTH, "heads": 4, "hidden": 4 * DIM}
        backbone = VisionTransformer(**sizes, scale=1.0, registers=0)
        self.student = nn.ModuleDict({"backbone": backbone, "head": DINOHead(dim=DIM, **HEAD)})
        self.teacher = teacher_of(self.student)


def loss_through(model: Small, teacher: nn.ModuleDict | None) -> Callable[[torch.Generator], Tensor]:
    """DINO's loss of a random batch, with Sinkhorn's targets from `teacher` or, without one, from the average."""

    def loss_of(random: torch.Generator) -> Tensor:
        follow_(model)
        crops = views(random, exchanged=True)
        with torch.no_grad():
            taught = logits(teacher or model.teacher, [crops.large])
        targets = teacher_assignment(taught.flatten(0, 1), tau=TEACHER_TAU).view_as(taught)
        loss = cross_view_loss(logits(model.student, [crops.large, crops.small]), targets, tau=STUDENT_TAU)
        note_(model, loss, targets)
        return loss

    return loss_of


def train_one(way: str, seed: int) -> None:
    """A run of a small network, in as many steps as its teacher had."""
    torch.manual_seed(seed)
    model = Small()
    loss_of = loss_through(model, kept("whole", seed).teacher if way == "distilled" else None)
    train_(model, optimiser_of(model), loss_of, rate_at, name=f"small-{way}", steps=STEPS, seed=seed)


def main() -> None:
    """Train the one that the command line names, or all."""
    torch.set_num_threads(1)
    if sys.argv[1:]:
        way, number = sys.argv[1:]
        train_one(way, int(number))
        return
    for way in WAYS:
        for seed in SEEDS:
            train_one(way, seed)


if __name__ == "__main__":
    main()
