"""Exercises of the chapter on DINO."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.dino.centre import updated_centre
from mmnotes.dino.detaching import _gradient, _gradient_mistakes
from mmnotes.page.exercises import Exercise

_WAVES = torch.cos(torch.arange(60.0).reshape(5, 2, 6) ** 1.3) / 2
_OTHER = torch.sin(torch.arange(24.0).reshape(2, 2, 6) ** 1.2) / 2
_CENTRE = torch.linspace(-0.2, 0.3, 6)


def _terms_mistakes(crops: int) -> dict[str, Any]:
    return {
        "The teacher sees the two global crops only, so it is not every crop with every other.": crops * (crops - 1),
        "A view is not compared with itself: two terms fall away.": 2 * crops,
        "Local crops meet both views, and the two views meet each other as well.": 2 * (crops - 2),
        "Both views are targets.": crops - 1,
    }


def _slope(student: Tensor, target: Tensor, tau: float) -> Tensor:
    return ((student / tau).softmax(-1) - target) / tau


def _slope_mistakes(student: Tensor, target: Tensor, tau: float) -> dict[str, Any]:
    said = (student / tau).softmax(-1)
    return {
        "The sign is the other way round: the loss falls where the target is larger.": -_slope(student, target, tau),
        "The logits are divided by τ before the softmax, so its slope is too.": said - target,
        "The student's temperature is missing inside its softmax.": (student.softmax(-1) - target) / tau,
        "That is the gradient by log p; p itself depends on every logit.": -target / said / tau,
    }


def _weight_mistakes(momentum: float, age: int) -> dict[str, Any]:
    return {
        "That is how much is left of the start after so many steps.": momentum**age,
        "The student of i steps ago has been multiplied by m i times, and once by 1 - m.": (1 - momentum)
        * momentum ** (age + 1),
        "m is what is kept of the teacher, 1 - m what comes from the student.": momentum * (1 - momentum) ** age,
        "A plain average over 1 / (1 - m) steps has equal weights; this one fades.": 1 - momentum,
    }


def _centres(centre: Tensor, batches: Tensor, momentum: float) -> Tensor:
    """The centre that each batch is to be used with."""
    used = []
    for batch in batches:
        used.append(centre)
        centre = updated_centre(centre, batch, momentum=momentum)
    return torch.stack(used)


def _centres_mistakes(centre: Tensor, batches: Tensor, momentum: float) -> dict[str, Any]:
    after = _centres(centre, torch.cat([batches, batches[:1]]), momentum)[1:]
    first = torch.stack([centre, *batches[:-1].mean((1, 2))])
    return {
        "A batch uses the centre from before it; this one has seen the batch already.": after,
        "m is what is kept, 1 - m what comes from the batch.": _centres(centre, batches, 1 - momentum),
        "The centre is the mean over views and pictures, not their sum.": _centres(
            centre, batches * batches[0, ..., 0].numel(), momentum
        ),
        "This is the mean of the batch before alone; nothing older is kept.": first,
        "The centre stays where it started.": centre.expand(len(batches), -1),
    }


EXERCISES = {
    "dino-1": Exercise(
        solution=lambda crops: 2 * (crops - 1), mistakes=_terms_mistakes, inputs=((10,), (6,), (3,)), tolerance=1e-9
    ),
    "dino-2": Exercise(
        solution=_slope,
        mistakes=_slope_mistakes,
        inputs=((_WAVES[0, 0], _OTHER[0, 0].softmax(0), 0.1), (_WAVES[1, 1], (5 * _OTHER[1, 0]).softmax(0), 0.5)),
    ),
    "dino-3": Exercise(
        solution=lambda momentum, age: (1 - momentum) * momentum**age,
        mistakes=_weight_mistakes,
        inputs=((0.9, 5), (0.996, 250), (0.5, 1)),
        tolerance=1e-6,
    ),
    "dino-4": Exercise(
        solution=_gradient,
        mistakes=_gradient_mistakes,
        inputs=(
            (_OTHER[0].repeat(3, 1)[:, :4] + _CENTRE[:, None], _WAVES[..., :4], _CENTRE, 0.1, 0.04),
            (_OTHER[1].repeat(3, 1), _WAVES[:3], _CENTRE.flip(0), 0.2, 0.1),
        ),
    ),
    "dino-5": Exercise(
        solution=_centres,
        mistakes=_centres_mistakes,
        inputs=((_CENTRE, _WAVES[:4].unflatten(0, (2, 2)), 0.9), (0 * _CENTRE, _WAVES[None].repeat(3, 1, 1, 1), 0.6)),
    ),
}
