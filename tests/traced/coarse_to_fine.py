"""Coarse to fine: enlarging, the shortened path and what noise hides."""

from functools import partial

import torch
from torch import Tensor

from mmnotes.coarse_to_fine import (
    drafted,
    enlarged,
    hiding_time,
    noised_draft,
    on_short_path,
    refined,
    sharpness,
    short_velocity,
    wave_powers,
)
from tests.traced import Traced, rand


def film() -> Tensor:
    """Films of 3 frames, 8 x 8."""
    return rand(2, 3, 1, 8, 8)


def followed(draft: Tensor, noise: Tensor) -> Tensor:
    """A velocity in closed form, followed in two steps."""
    return refined(lambda x, t: x.sin(), draft, noise, t_th=0.5, steps=2)


TRACED = [
    Traced("coarse_to_fine.drafted", lambda: (partial(drafted, factor=2), (film(),))),
    Traced("coarse_to_fine.enlarged", lambda: (partial(enlarged, frames=5, side=9), (film(),))),
    Traced("coarse_to_fine.noised_draft", lambda: (partial(noised_draft, t_th=0.5), (film(), film()))),
    Traced(
        "coarse_to_fine.on_short_path",
        lambda: (partial(on_short_path, t_th=0.5), (film(), film(), torch.tensor([0.1, 0.4], dtype=torch.float64))),
    ),
    Traced("coarse_to_fine.short_velocity", lambda: (partial(short_velocity, t_th=0.5), (film(), film()))),
    Traced("coarse_to_fine.refined", lambda: (followed, (film(), film()))),
    Traced("coarse_to_fine.wave_powers", lambda: (wave_powers, (film(),))),
    Traced("coarse_to_fine.hiding_time", lambda: (hiding_time, (rand(5).square(),))),
    Traced("coarse_to_fine.sharpness", lambda: (sharpness, (film(), film()))),
]

UNTRACED = {
    "coarse_to_fine.film_tokens": "There is nothing to trace",
    "coarse_to_fine.pass_cost": "There is nothing to trace",
    "coarse_to_fine.read_at": "It cannot be traced: it is a table",
    "coarse_to_fine.short_times": "It cannot be traced: it is a table",
}
