"""The shortened path: from a draft that noise half covers, straight to the film it was a draft of.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), on coarse-to-fine generation.

Differs: as everywhere in this book a velocity points from data to noise; the report's points the other way.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.flow import Velocity, euler
from mmnotes.layers.precision import promoted


def noised_draft(
    draft: Float[Tensor, "batch *rest"], noise: Float[Tensor, "batch *rest"], *, t_th: float
) -> Float[Tensor, "batch *rest"]:
    """Where the shortened path begins: x_th = (1 - t_th) draft + t_th noise.

    >>> noised_draft(torch.tensor([[4.0]]), torch.tensor([[8.0]]), t_th=0.25)
    tensor([[5.]])

    Shapes: draft, already at the size of the film, and noise (batch, ...) -> (batch, ...).
    Units: t_th from 0 (the draft as it is) to 1 (nothing but noise).
    Errors: ValueError for a t_th that is not in that range, 0 excluded.
    Source: LongCat-Video, pipeline_longcat_video.py, generate_refine.
    """
    _check(t_th)
    start, end = promoted(draft, noise)
    return ((1 - t_th) * start + t_th * end).to(draft.dtype)


def on_short_path(
    film: Float[Tensor, "batch *rest"],
    start: Float[Tensor, "batch *rest"],
    t: Float[Tensor, "batch"],
    *,
    t_th: float,
) -> Float[Tensor, "batch *rest"]:
    """The point of the shortened path at time t: film + (start - film) t / t_th.

    Shapes: film and start (batch, ...), t (batch,) -> (batch, ...).
    Units: t from 0 (the film) to t_th (the noised draft).
    Errors: as ``noised_draft``.
    Source: LongCat-Video technical report, on coarse-to-fine generation.
    """
    _check(t_th)
    near, far, share = promoted(film, start, (t / t_th).view(-1, *[1] * (film.ndim - 1)))
    return torch.lerp(near, far, share).to(film.dtype)


def short_velocity(
    film: Float[Tensor, "batch *rest"], start: Float[Tensor, "batch *rest"], *, t_th: float
) -> Float[Tensor, "batch *rest"]:
    """The velocity of a line of the shortened path: (start - film) / t_th.

    It is what the refiner learns.

    Shapes: film and start (batch, ...) -> (batch, ...).
    Errors: as ``noised_draft``.
    Source: LongCat-Video technical report, coarse-to-fine generation; its sign is the other.
    """
    _check(t_th)
    data, far = promoted(film, start)
    return ((far - data) / t_th).to(film.dtype)


def short_times(*, steps: int, t_th: float) -> Float[Tensor, "times"]:
    """The threshold, then the times of an even grid of ``steps`` steps from 1 to 0 that lie below it, then 0.

    It cannot be traced: it is a table.

    Shapes: -> (times,).
    Units: from t_th down to 0.
    Errors: as ``noised_draft``; ValueError for steps below 2.
    Source: LongCat-Video, pipeline_longcat_video.py, generate_refine, whose grid of ``steps`` times ends at .001.
    """
    _check(t_th)
    if steps < 2:
        raise ValueError(f"steps must be at least 2, got {steps}")
    grid = torch.linspace(1, 0.001, steps)
    first = torch.tensor([t_th])
    return torch.cat([first, grid[grid < first], torch.zeros(1)])


def refined(
    velocity: Velocity,
    draft: Float[Tensor, "batch *rest"],
    noise: Float[Tensor, "batch *rest"],
    *,
    t_th: float,
    steps: int,
) -> Float[Tensor, "batch *rest"]:
    """A draft noised up to the threshold and followed down to time 0 in so many even steps of Euler.

    With t_th = 1 nothing of the draft is left, and this is sampling from noise.

    Shapes: draft and noise (batch, ...) -> (batch, ...); ``velocity`` takes x (batch, ...) and t (batch,).
    Units: the velocity is noise - data.
    Errors: as ``noised_draft``; ValueError for steps below 1.
    Source: LongCat-Video technical report, on coarse-to-fine generation: five steps.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return euler(velocity, noised_draft(draft, noise, t_th=t_th), torch.linspace(t_th, 0, steps + 1))


def _check(t_th: float) -> None:
    if not 0 < t_th <= 1:
        raise ValueError(f"t_th must be above 0 and at most 1, got {t_th}")
