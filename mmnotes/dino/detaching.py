"""The exercise that builds the loss: the gradient that it has, and those of losses that went wrong on the way."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mmnotes.dino.loss import centred_targets, cross_entropies, cross_view_loss, dino_loss


def _gradient(weight: Tensor, views: Tensor, centre: Tensor, student_tau: float, teacher_tau: float) -> Tensor:
    def loss(weight: Tensor) -> Tensor:
        said = views @ weight.T
        return dino_loss(said, said[:2], centre, student_tau=student_tau, teacher_tau=teacher_tau)

    return _slope_of(loss, weight)


def _slope_of(loss: Callable[[Tensor], Tensor], weight: Tensor) -> Tensor:
    weight = weight.clone().requires_grad_()
    return torch.autograd.grad(loss(weight), weight)[0]


def _gradient_mistakes(
    weight: Tensor, views: Tensor, centre: Tensor, student_tau: float, teacher_tau: float
) -> dict[str, Any]:
    right = _gradient(weight, views, centre, student_tau, teacher_tau)
    pairs, batch = 2 * (len(views) - 1), views.shape[1]

    def loose(weight: Tensor) -> Tensor:
        said = views @ weight.T
        targets = ((said[:2] - centre) / teacher_tau).softmax(-1)
        terms = -torch.einsum("ubk,vbk->uv", targets, (said / student_tau).log_softmax(-1))
        return (terms.sum() - terms.trace()) / pairs / batch

    def itself(weight: Tensor) -> Tensor:
        said = views @ weight.T
        return cross_entropies(said, centred_targets(said[:2], centre, tau=teacher_tau), tau=student_tau).mean()

    def late(weight: Tensor) -> Tensor:
        said = views @ weight.T
        targets = (said[:2] / teacher_tau).softmax(-1) - centre
        return cross_view_loss(said, targets, tau=student_tau)

    return {
        "The teacher gets a gradient: its targets have to be detached.": _slope_of(loose, weight),
        "A view is compared with itself, too.": _slope_of(itself, weight),
        "The centre is added; it has to be subtracted.": _gradient(weight, views, -centre, student_tau, teacher_tau),
        "The centre is missing.": _gradient(weight, views, 0 * centre, student_tau, teacher_tau),
        "The centre is subtracted after the softmax, so the targets do not sum to one.": _slope_of(late, weight),
        "The temperatures have changed places.": _gradient(weight, views, centre, teacher_tau, student_tau),
        "The terms are summed; their mean is asked for.": right * pairs,
        "The batch is summed; its mean is asked for.": right * batch,
    }
