"""Exercises of the chapter on coarse to fine."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.coarse_to_fine.short_path import noised_draft, on_short_path, refined, short_velocity
from mmnotes.flow import euler
from mmnotes.page.exercises import Exercise

_FILM = torch.cos(torch.arange(24.0).reshape(3, 8) ** 1.3)
_DRAFT = _FILM.roll(1, 1) / 2 + 0.1
_NOISE = 1.5 * torch.sin(torch.arange(24.0).reshape(3, 8) ** 1.7)
_SHARES = torch.tensor([0.2, 0.5, 0.9])


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
    root = (power * ratio) ** 0.5
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


def _network(x: Tensor, t: Tensor) -> Tensor:
    return torch.sin(x + 3 * t[:, None])


def _loss(network: Any, film: Tensor, draft: Tensor, noise: Tensor, share: Tensor, t_th: float) -> Tensor:
    start = noised_draft(draft, noise, t_th=t_th)
    t = share * t_th
    x = on_short_path(film, start, t, t_th=t_th)
    return (network(x, t) - short_velocity(film, start, t_th=t_th)).square().mean()


def _loss_mistakes(network: Any, *given: Any) -> dict[str, Any]:
    film, draft, noise, share, t_th = given
    start, t = noised_draft(draft, noise, t_th=t_th), share * t_th
    x, target = on_short_path(film, start, t, t_th=t_th), short_velocity(film, start, t_th=t_th)
    return {
        "The network is told the share of the way; it knows times, and there the time is share · t_th.": (
            (network(x, share) - target).square().mean()
        ),
        "That is the target of the ordinary path; it leaves out what the draft lacks.": (
            (network(x, t) - (noise - film)).square().mean()
        ),
        "The velocity points from the film to the noised draft.": (network(x, t) + target).square().mean(),
        "The target is divided by t_th, the time that the way takes.": (
            (network(x, t) - t_th * target).square().mean()
        ),
        "The points lie between film and noised draft; these lie between film and noise.": (
            (network((1 - t[:, None]) * film + t[:, None] * noise, t) - target).square().mean()
        ),
        "At share 0 the point is the film.": _loss(network, film, draft, noise, 1 - share, t_th),
        "A mean over everything is asked for; this is a sum.": _loss(network, *given) * film.numel(),
    }


def _refined(network: Any, draft: Tensor, noise: Tensor, t_th: float, steps: int) -> Tensor:
    return refined(network, draft, noise, t_th=t_th, steps=steps)


def _refined_mistakes(network: Any, *given: Any) -> dict[str, Any]:
    draft, noise, t_th, steps = given
    start, even = noised_draft(draft, noise, t_th=t_th), torch.linspace(1, 0, steps + 1)
    return {
        "The times begin at t_th, not at 1.": euler(network, start, even),
        "The sampling begins at the noised draft, not at the draft.": euler(network, draft, t_th * even),
        "The sampling begins at the noised draft, not at the noise.": euler(network, noise, t_th * even),
        "Noise is mixed in, (1 - t_th) to t_th, and not added.": euler(network, draft + t_th * noise, t_th * even),
        "1 - t_th is the share of the draft.": euler(network, t_th * draft + (1 - t_th) * noise, t_th * even),
        "The network knows times, not shares of the way: it is told t, from t_th down.": euler(
            lambda x, t: network(x, t / t_th), start, t_th * even
        ),
        "A step goes by the next time minus this one, which is negative.": euler(
            lambda x, t: -network(x, t), start, t_th * even
        ),
    }


EXERCISES = {
    "coarse_to_fine-1": Exercise(
        solution=_reported,
        mistakes=_reported_mistakes,
        inputs=((_FILM, _DRAFT, _NOISE, 0.5), (_FILM, _DRAFT, _NOISE, 0.3)),
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
        inputs=((_network, _FILM, _DRAFT, _NOISE, _SHARES, 0.5), (_network, _DRAFT, _FILM, _NOISE, _SHARES**2, 0.8)),
    ),
    "coarse_to_fine-5": Exercise(
        solution=_refined,
        mistakes=_refined_mistakes,
        inputs=((_network, _DRAFT, _NOISE, 0.5, 3), (_network, _FILM, _NOISE, 0.7, 5)),
    ),
}
