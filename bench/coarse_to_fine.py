"""Refining an enlarged draft in a few steps: beside the network without the change, and beside a film from noise."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from bench.timing import Row, race
from mmnotes.coarse_to_fine import enlarged, refined
from mmnotes.coarse_to_fine.pretrained import pretrained_refiner, whole_velocity
from mmnotes.models.film_generator import pretrained_film_net

FRAMES, SIDE, AT, FEW, MANY = 10, 32, 0.5, 5, 20


@torch.no_grad()
def rows() -> Iterator[Row]:
    """Enlarging; one film by each way."""
    random = torch.Generator().manual_seed(0)
    draft = torch.randn(1, 5, 3, 16, 16, generator=random)
    noise = torch.randn(1, FRAMES, 3, SIDE, SIDE, generator=random)
    text = torch.randn(1, 2, 384, generator=random)
    large = enlarged(draft, frames=FRAMES, side=SIDE)

    def in_two_steps() -> Tensor:
        wide = interpolate(draft[0], size=(SIDE, SIDE), mode="bilinear", align_corners=True).transpose(0, 1)[None]
        return interpolate(wide, size=(FRAMES, SIDE, SIDE), mode="trilinear", align_corners=True)

    yield race(
        "coarse to fine, enlarging a draft; rows and columns first, as released",
        lambda: enlarged(draft, frames=FRAMES, side=SIDE),
        in_two_steps,
        aim="1",
    )
    alone, refiner = (whole_velocity(network, text) for network in (pretrained_film_net(), pretrained_refiner()))
    yield race(
        f"coarse to fine, {FEW} steps of the refiner; of the network without the change",
        lambda: refined(refiner, large, noise, t_th=AT, steps=FEW),
        lambda: refined(alone, large, noise, t_th=AT, steps=FEW),
        aim="1",
        repeats=3,
    )
    yield race(
        f"coarse to fine, {FEW} steps of the refiner; {MANY} from noise",
        lambda: refined(refiner, large, noise, t_th=AT, steps=FEW),
        lambda: refined(alone, large, noise, t_th=1.0, steps=MANY),
        aim=f"{MANY / FEW:.0f}, the share of the passes",
        repeats=3,
    )
