"""The exercises that build: the loss of a refiner, and a refinement; solutions and mistakes."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.coarse_to_fine.short_path import noised_draft, on_short_path, refined, short_velocity
from mmnotes.flow import euler

FILM = torch.cos(torch.arange(24.0).reshape(3, 8) ** 1.3)
DRAFT = FILM.roll(1, 1) / 2 + 0.1
NOISE = 1.5 * torch.sin(torch.arange(24.0).reshape(3, 8) ** 1.7)
_SHARES = torch.tensor([0.2, 0.5, 0.9])


def _network(x: Tensor, t: Tensor) -> Tensor:
    return torch.sin(x + 3 * t[:, None])


def _loss(network: Any, film: Tensor, draft: Tensor, noise: Tensor, share: Tensor, t_th: float) -> Tensor:
    start = noised_draft(draft, noise, t_th=t_th)
    t = share * t_th
    x = on_short_path(film, start, t, t_th=t_th)
    loss: Tensor = (network(x, t) - short_velocity(film, start, t_th=t_th)).square().mean()
    return loss


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
