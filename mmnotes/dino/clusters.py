"""Self-distillation at its smallest: points of a few Gaussian clusters, a head for a network, seconds for a course.

Two views of a point are two draws around its cluster's centre, so what both have in common is the cluster. Whether the
teacher ends up telling the clusters apart depends on how its targets are made.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap

from mmnotes.dino.centre import updated_centre
from mmnotes.dino.head import DINOHead
from mmnotes.dino.loss import cross_view_loss

CLUSTERS, DIM, SPREAD, PROTOTYPES = 8, 16, 1.0, 64
STEPS, EVERY, BATCH, HELD_OUT, RATE = 500, 20, 64, 512, 0.01
MEASURES = ("entropy", "of a cluster", "of all", "divergence")
Targets = Callable[[Tensor, Tensor], Tensor]
Centres = Callable[[torch.Generator], Tensor]
Partners = Callable[[Tensor, torch.Generator], Tensor]


class Course(NamedTuple):
    """What runs went through, and where they ended.

    ``curves`` holds, every 20 steps, the mean entropy of a target, the mean entropy of a cluster's mean target, the
    entropy of the mean of all, and the divergence of the student from its targets, in nats; the first three are the
    teacher's on points that nobody trained on. From the second to the third is what a target tells about the cluster,
    from the first to the second what it tells about the point besides. ``answers`` are the clusters' mean targets at
    the end.
    """

    curves: Float[Tensor, "runs times measures"]
    answers: Float[Tensor, "runs clusters prototypes"]


def cluster_centres(random: torch.Generator) -> Float[Tensor, "clusters dim"]:
    """Eight Gaussian points. A draw from a generator cannot be traced.

    Shapes: (clusters, dim) = (8, 16).
    """
    return torch.randn(CLUSTERS, DIM, generator=random)


def same_cluster(which: Int[Tensor, "batch"], random: torch.Generator) -> Int[Tensor, "batch"]:
    """The clusters that second views are drawn from: those of the first. There is nothing in it to trace.

    Shapes: which (batch,) -> (batch,).
    """
    return which


def course(
    targets_of: Targets,
    *,
    momentum_at: Callable[[int], Tensor | float],
    seeds: Sequence[int],
    steps: int = STEPS,
    centres_of: Centres = cluster_centres,
    partners_of: Partners = same_cluster,
) -> Course:
    """Train a student for every seed, side by side, each with a teacher and a centre of its own.

    ``targets_of`` makes targets of the teachers' logits (runs, batch, prototypes) and centres (runs, 1, prototypes).
    ``momentum_at`` gives the teacher's momentum after a step, one number or one for each run. The clusters lie around
    the centres that ``centres_of`` draws, and the second view of a point comes from the cluster that ``partners_of``
    names. A draw from a generator cannot be traced.

    Shapes: curves (runs, times, measures), answers (runs, clusters, prototypes).
    Units: nats.
    """
    randoms = [torch.Generator().manual_seed(seed) for seed in seeds]
    students = [_head(seed) for seed in seeds]
    weights, _ = stack_module_state(students)
    teacher = {name: each.detach().clone() for name, each in weights.items()}
    optimiser = torch.optim.Adam(weights.values(), lr=RATE)
    centres = torch.stack([centres_of(random) for random in randoms])
    clusters = centres.shape[1]
    every = torch.arange(clusters).repeat_interleave(HELD_OUT // clusters)
    held_out = _around(centres, every.expand(len(randoms), -1), randoms)
    centre = torch.zeros(len(randoms), PROTOTYPES)
    curves = []
    for step in range(steps + 1):
        which = [torch.randint(clusters, (BATCH,), generator=random) for random in randoms]
        pairs = [torch.cat([own, partners_of(own, random)]) for own, random in zip(which, randoms, strict=True)]
        views = _around(centres, torch.stack(pairs), randoms)
        with torch.no_grad():
            taught = _logits(teacher, views)
            targets = targets_of(taught, centre[:, None])
        sides = [each.unflatten(1, (2, BATCH)) for each in (_logits(weights, views), targets)]
        loss = vmap(cross_view_loss)(*sides)
        if step % EVERY == 0:
            said = targets_of(_logits(teacher, held_out), centre[:, None])
            answers = said.unflatten(1, (clusters, -1)).mean(2)
            heights = [_entropy(said).mean(1), _entropy(answers).mean(1), _entropy(answers.mean(1))]
            curves.append(torch.stack([*heights, loss.detach() - _entropy(targets).mean(1)], 1))
        if step == steps:
            break
        centre = vmap(updated_centre)(centre, taught)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        for name, each in teacher.items():
            momentum = torch.as_tensor(momentum_at(step)).reshape(-1, *[1] * (each.ndim - 1))
            each.copy_(momentum * each + (1 - momentum) * weights[name].detach())
    return Course(torch.stack(curves, 1), answers)


def _head(seed: int) -> DINOHead:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DINOHead(dim=DIM, hidden=64, bottleneck=DIM, prototypes=PROTOTYPES)


def _around(centres: Tensor, which: Tensor, randoms: Sequence[torch.Generator]) -> Tensor:
    """A point around each of these clusters' centres, run by run."""
    noise = torch.stack([torch.randn(which.shape[1], DIM, generator=random) for random in randoms])
    return torch.take_along_dim(centres, which[..., None], 1) + SPREAD * noise


_NETWORK = _head(0)


def _logits(weights: dict[str, Tensor], points: Tensor) -> Tensor:
    with torch.set_grad_enabled(weights["prototypes"].requires_grad):
        logits: Tensor = vmap(lambda own, each: functional_call(_NETWORK, own, (each,)))(weights, points)
    return logits


def _entropy(targets: Tensor) -> Tensor:
    entropy: Tensor = torch.special.entr(targets).sum(-1)
    return entropy
