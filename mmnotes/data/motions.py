"""How sprites move: rules that give every place from the first one and a speed, and which speeds are held out."""

from functools import cache
from typing import Literal, get_args

import torch
from jaxtyping import Bool, Int
from torch import Tensor

Motion = Literal["glides", "bounces", "falls"]
MOTIONS: tuple[Motion, ...] = get_args(Motion)


def is_held_out(speed: Int[Tensor, "... 2"]) -> Tensor:
    """Whether no film that is learned begins with this speed: a fifth of all but the slowest.

    Shapes: (..., 2) -> (...).
    """
    return ((speed[..., 1] + 2 * speed[..., 0]) % 5 == 0) & (speed.abs().amax(-1) > 1)


def moved(
    place: Int[Tensor, "batch 2"],
    speed: Int[Tensor, "batch 2"],
    falls: Bool[Tensor, "batch"],
    *,
    frames: int,
    farthest: int,
) -> Int[Tensor, "batch frames 2"]:
    """The places of so many frames from the first and its speed, in a room with places 0 to ``farthest``.

    Each frame adds the speed; where that leads into a wall, place and speed are mirrored there; what falls gets faster
    downwards by 1.

    Shapes: place and speed (batch, 2), falls (batch,) -> (batch, frames, 2).
    """
    places, down = [place], torch.stack([falls.long(), torch.zeros_like(falls, dtype=torch.long)], dim=1)
    for _ in range(frames - 1):
        there = places[-1] + speed
        inside = torch.where(there < 0, -there, torch.where(there > farthest, 2 * farthest - there, there))
        speed = torch.where(inside == there, speed, -speed) + down
        places.append(inside)
    return torch.stack(places, dim=1)


def paths_of(
    motion: Int[Tensor, "batch"], held_out: bool, frames: int, farthest: int, random: torch.Generator
) -> Int[Tensor, "batch frames 2"]:
    """A random path of each motion, in steps.

    Shapes: motion (batch,) -> (batch, frames, 2).
    """
    glides, falls = motion == MOTIONS.index("glides"), motion == MOTIONS.index("falls")
    speeds = torch.stack([_speeds(name, held_out)[_picks(name, held_out, len(motion), random)] for name in MOTIONS])
    speed = speeds[motion, torch.arange(len(motion))]
    start = torch.randint(farthest + 1, (len(motion), 2), generator=random)
    way = speed * (frames - 1)
    room = farthest - way.abs()
    fits = (start * (room + 1)) // (farthest + 1) + (-way).clamp(min=0)
    upper = start // torch.tensor([2, 1])
    place = torch.where(glides[:, None], fits, torch.where(falls[:, None], upper, start))
    return moved(place, speed, falls, frames=frames, farthest=farthest)


def _picks(name: Motion, held_out: bool, count: int, random: torch.Generator) -> Tensor:
    return torch.randint(len(_speeds(name, held_out)), (count,), generator=random)


@cache
def _speeds(name: Motion, held_out: bool) -> Tensor:
    """Steps down and to the right with which a motion may begin."""
    most = {"glides": (1, 1, 1), "bounces": (2, 2, 2), "falls": (2, 0, 1)}[name]
    pairs = torch.cartesian_prod(torch.arange(-most[0], most[1] + 1), torch.arange(-most[2], most[2] + 1))
    fast = pairs.abs().amax(1)
    kept = (fast > 0) if name == "glides" else (fast > 1) if name == "bounces" else fast >= 0
    if name != "glides":
        kept &= is_held_out(pairs) == held_out
    return pairs[kept]
