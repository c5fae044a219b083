"""Exercises of the chapter on DINO."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mmnotes.dino.loss import cross_entropies
from mmnotes.page.exercises import Exercise

_WEIGHT = torch.sin(torch.arange(35.0).reshape(7, 5) ** 1.3) / 4
_CROPS = torch.cos(torch.arange(100.0).reshape(5, 4, 5) ** 1.2) / 2
_CENTRE = torch.linspace(-0.1, 0.2, 7) ** 2
_TARGETS = (4 * torch.cos(torch.arange(66.0).reshape(6, 11) ** 1.2)).softmax(-1)
_FIRST, _SECOND = torch.tensor([0, 1, 1, 2, 0, 2]), torch.tensor([0, 0, 0, 1, 1, 1])


def _terms_mistakes(views: int, crops: int) -> dict[str, Any]:
    return {
        "A view is not compared with itself.": views * crops,
        "Pairs are ordered: the teacher's view and the student's crop.": views * (crops - 1) - views * (views - 1) // 2,
        "The views are among the crops.": views * (crops + views - 1),
        "The student sees all crops, the views of the teacher among them.": views * (crops - views),
    }


def _memory_mistakes(m: float, steps: int) -> dict[str, Any]:
    return {
        "That is the share of what is older.": m**steps,
        "The last student has the share 1 - m, the one before less: sum all of them.": (1 - m) * m ** (steps - 1),
        "Each student has not the same share: those that are older count less.": steps * (1 - m),
        "The sum begins with the latest student, which has the share 1 - m.": m - m ** (steps + 1),
    }


def _loss(pairs: Tensor) -> Tensor:
    return (pairs.sum() - pairs.diagonal().sum()) / (pairs.numel() - len(pairs))


def _slope(
    weight: Tensor, crops: Tensor, targets_of: Callable[[Tensor], Tensor], loss_of: Callable[[Tensor], Tensor] = _loss,
    *, tau: float = 0.1, stopped: bool = True,
) -> Tensor:  # fmt: skip
    """The gradient by the weight of a student who is its own teacher."""
    weight = weight.detach().clone().requires_grad_()
    logits = crops @ weight.T
    targets = targets_of(logits[:2])
    pairs = cross_entropies(logits, targets, tau=tau)
    if not stopped:
        said = (logits / tau).log_softmax(-1)
        pairs = -torch.einsum("ubk,vbk->uv", targets, said) / crops.shape[1]
    (slope,) = torch.autograd.grad(loss_of(pairs), weight)
    return slope


def _step(weight: Tensor, crops: Tensor, centre: Tensor) -> Tensor:
    return _slope(weight, crops, lambda z: ((z - centre) / 0.04).softmax(-1))


def _step_mistakes(weight: Tensor, crops: Tensor, centre: Tensor) -> dict[str, Any]:
    def sharp(z: Tensor) -> Tensor:
        return ((z - centre) / 0.04).softmax(-1)

    return {
        "A gradient flows through the targets; detach them.": _slope(weight, crops, sharp, stopped=False),
        "The centre is subtracted.": _slope(weight, crops, lambda z: ((z + centre) / 0.04).softmax(-1)),
        "The centre is missing.": _slope(weight, crops, lambda z: (z / 0.04).softmax(-1)),
        "The centre belongs inside the softmax.": _slope(weight, crops, lambda z: (z / 0.04).softmax(-1) - centre),
        "The targets are those of τ = 0.04, the student's answers those of 0.1.": _slope(
            weight, crops, lambda z: ((z - centre) / 0.1).softmax(-1), tau=0.04
        ),
        "A view is not compared with itself.": _slope(weight, crops, sharp, torch.mean),
        "This is the sum of the terms; the loss is their mean.": _step(weight, crops, centre) * (2 * len(crops) - 2),
        "This is summed over the batch; the loss is a mean.": _step(weight, crops, centre) * crops.shape[1],
    }


def _sharp_enough_mistakes(rho: float, tau: float) -> dict[str, Any]:
    return {
        "At this temperature the part is multiplied by ρ² and shrinks.": tau / rho,
        "The part is also multiplied by what another crop tells of it.": tau,
        "A crop does tell the share ρ; what is lost does not grow.": (1 - rho) * tau,
    }


def _heights(targets: Tensor, labels: Tensor) -> list[Tensor]:
    means = torch.stack([targets[labels == each].mean(0) for each in labels.unique()])
    return [torch.special.entr(each).sum(-1).mean() for each in (targets.mean(0), means, targets)]


def _told(targets: Tensor, labels: Tensor) -> Tensor:
    of_all, of_label, of_one = _heights(targets, labels)
    return torch.stack([of_all - of_label, of_label - of_one])


def _told_mistakes(targets: Tensor, labels: Tensor) -> dict[str, Any]:
    told = _told(targets, labels)
    return {
        "The two numbers have changed places.": told.flip(0),
        "The second number is the whole; the first is a part of it.": torch.stack([told[0], told.sum()]),
        "The first number is the whole; the second is a part of it.": torch.stack([told.sum(), told[1]]),
        "These are bits; the logarithm is the natural one.": told / torch.tensor(2.0).log(),
        "The sign is turned round: the mean's entropy is the larger one.": -told,
    }


EXERCISES = {
    "dino-1": Exercise(
        solution=lambda views, crops: views * (crops - 1),
        mistakes=_terms_mistakes,
        inputs=((2, 10), (3, 7), (2, 2)),
        tolerance=1e-9,
    ),
    "dino-2": Exercise(
        solution=lambda m, steps: 1 - m**steps, mistakes=_memory_mistakes, inputs=((0.9, 7), (0.996, 250), (0.5, 2))
    ),
    "dino-3": Exercise(
        solution=_step, mistakes=_step_mistakes, inputs=((_WEIGHT, _CROPS, _CENTRE), (_WEIGHT, _CROPS[:3], -_CENTRE))
    ),
    "dino-4": Exercise(
        solution=lambda rho, tau: rho * tau, mistakes=_sharp_enough_mistakes, inputs=((0.7, 0.1), (0.4, 0.3))
    ),
    "dino-5": Exercise(solution=_told, mistakes=_told_mistakes, inputs=((_TARGETS, _FIRST), (_TARGETS, _SECOND))),
}
