"""Train on clusters at every setting of the chapter's first lab: ``python -m tools.dino.clusters``. Takes minutes.

Writes mmnotes/dino/clusters.npz: the curves of three seeds, and how the first seed's teacher answers at the end.
"""

import itertools

import torch
from torch import Tensor

from mmnotes.dino.clusters import EVERY, MEASURES, PROTOTYPES, STEPS, Course, course
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.sinkhorn import teacher_assignment
from tools.training import write

FILE = "dino/clusters.npz"
REMEDIES = ("nothing", "a running mean", "Sinkhorn")
TAUS, MOMENTA, SEEDS = (0.02, 0.04, 0.07, 0.1, 0.2), (0.0, 0.9, 0.99, 0.999), (0, 1, 2)


def courses(remedy: str, settings: list[tuple[float, float, int]]) -> Course:
    """A run for each temperature of the teacher, momentum and seed."""
    taus, momenta, seeds = zip(*settings, strict=True)
    tau, momentum = torch.tensor(taus)[:, None, None], torch.tensor(momenta)

    def targets_of(logits: Tensor, centre: Tensor) -> Tensor:
        if remedy == "Sinkhorn":
            each = zip(logits, taus, strict=True)
            return torch.stack([teacher_assignment(scores, tau=own) for scores, own in each])
        return ((logits - centre * (remedy == REMEDIES[1])) / tau).softmax(-1)

    return course(targets_of, momentum_at=lambda step: momentum, seeds=seeds)


def main() -> None:
    """Train, and write."""
    torch.set_num_threads(1)
    found = []
    for remedy in REMEDIES:
        settings = list(itertools.product(TAUS, MOMENTA, SEEDS))
        found.append(courses(remedy, settings))
        print(f"{len(settings)} runs with {remedy}", flush=True)
    axes: Axes = {"remedy": REMEDIES, "tau": TAUS, "momentum": MOMENTA, "seed": SEEDS}
    grid = tuple(map(len, axes.values()))
    curves = torch.stack([each.curves for each in found]).reshape(*grid, -1, len(MEASURES)).movedim(-1, 0)
    answers = torch.stack([each.answers for each in found]).reshape(*grid, -1, PROTOTYPES)[..., 0, :, :]
    over: Axes = {**axes, "step": range(0, STEPS + 1, EVERY)}
    tables = {name: Samples(curve.half(), over) for name, curve in zip(MEASURES, curves, strict=True)}
    first = {name: axes[name] for name in ("remedy", "tau", "momentum")}
    write(FILE, packed(tables | {"answers": Samples(answers.half(), first, settings={"seed": SEEDS[0]})}))


if __name__ == "__main__":
    main()
