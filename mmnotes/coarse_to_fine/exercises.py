"""Exercises of the chapter on coarse to fine."""

import math
from typing import Any

from torch import Tensor

from mmnotes.coarse_to_fine.building import (
    _SHARES,
    DRAFT,
    FILM,
    NOISE,
    _loss,
    _loss_mistakes,
    _network,
    _refined,
    _refined_mistakes,
)
from mmnotes.coarse_to_fine.short_path import noised_draft, short_velocity
from mmnotes.page.exercises import Exercise


def _reported(film: Tensor, draft: Tensor, noise: Tensor, t_th: float) -> Tensor:
    return -short_velocity(film, noised_draft(draft, noise, t_th=t_th), t_th=t_th)


def _reported_mistakes(film: Tensor, draft: Tensor, noise: Tensor, t_th: float) -> dict[str, Any]:
    right = _reported(film, draft, noise, t_th)
    return {
        "The report's velocity points to the data; this one points away from them.": -right,
        "That is the whole way; the velocity is the way divided by the time it takes, t_th.": right * t_th,
        "That is the target of the ordinary path, and leads from noise alone.": film - noise,
        "The path ends at the film, not at the draft.": draft - noise,
        "Time runs from t_th to 0, and not over 1 - t_th.": right * t_th / (1 - t_th),
    }


def _late(few: int, frame: int) -> float:
    return frame / (2 * few - 1)


def _late_mistakes(few: int, frame: int) -> dict[str, Any]:
    return {
        "With the corners aligned the spacing is not one half: few - 1 spaces of the draft fill 2 few - 1.": 0.0,
        "That is the place in the draft; the question is how much later the film would be there.": frame
        * (few - 1)
        / (2 * few - 1),
        "That is measured in frames of the draft; a fine frame is half as long.": _late(few, frame) / 2,
        "The frame shows what has been, so it is late, and the answer is positive.": -_late(few, frame),
        "Of 2 few frames there are 2 few - 1 spaces.": frame / (2 * few),
    }


def _drowned(power: float, ratio: float) -> float:
    root = math.sqrt(power * ratio)
    return root / (1 + root)


def _drowned_mistakes(power: float, ratio: float) -> dict[str, Any]:
    return {
        "The ratio belongs to the noise: it is to be stronger than the wave.": _drowned(power / ratio, 1.0),
        "Power is the square: the shares enter squared.": power * ratio / (1 + power * ratio),
        "That is t / (1 - t); solve it for t.": (power * ratio) ** 0.5,
        "Time 1 is the noise and time 0 the film.": 1 - _drowned(power, ratio),
        "That is where both are equally strong.": _drowned(power, 1.0),
        "The ratio is one of powers, as the power is.": _drowned(power, ratio**2),
    }


EXERCISES = {
    "coarse_to_fine-1": Exercise(
        solution=_reported,
        mistakes=_reported_mistakes,
        inputs=((FILM, DRAFT, NOISE, 0.5), (FILM, DRAFT, NOISE, 0.3)),
    ),
    "coarse_to_fine-2": Exercise(
        solution=_late, mistakes=_late_mistakes, inputs=((6, 11), (6, 4), (93, 185)), tolerance=1e-6
    ),
    "coarse_to_fine-3": Exercise(
        solution=_drowned, mistakes=_drowned_mistakes, inputs=((0.25, 4.0), (9.0, 2.0), (0.01, 10.0)), tolerance=1e-6
    ),
    "coarse_to_fine-4": Exercise(
        solution=_loss,
        mistakes=_loss_mistakes,
        inputs=((_network, FILM, DRAFT, NOISE, _SHARES, 0.5), (_network, DRAFT, FILM, NOISE, _SHARES**2, 0.8)),
    ),
    "coarse_to_fine-5": Exercise(
        solution=_refined,
        mistakes=_refined_mistakes,
        inputs=((_network, DRAFT, NOISE, 0.5, 3), (_network, FILM, NOISE, 0.7, 5)),
    ),
}
