"""Rotary positions of a film: some planes of a head turn with the frame, some with the row, some with the column.

Paper: Meituan LongCat team, LongCat-Video technical report (2025); Su et al., RoFormer (2021).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.rotation import frequency_ladder

BASE = 10_000.0  # of the published models


def split_planes(*, head_dim: int) -> tuple[int, int, int]:
    """How many planes of a head turn with time, with the row and with the column.

    A third each, rounded down for rows and columns; what is left over is time's. It counts, and takes no tensor: there
    is nothing to trace.

    >>> split_planes(head_dim=128)  # entries: 44, 42 and 42
    (22, 21, 21)

    Errors: ValueError unless head_dim is a positive multiple of 8.
    Source: LongCat-Video, longcat_video/modules/rope_3d.py.
    """
    if head_dim < 8 or head_dim % 8:
        raise ValueError(f"head_dim must be a positive multiple of 8, got {head_dim}")
    across = head_dim // 6
    return head_dim // 2 - 2 * across, across, across


def film_angles(
    *, frames: int, height: int, width: int, head_dim: int, base: float = BASE, device: torch.device | None = None
) -> Float[Tensor, "tokens planes"]:
    """The angle of every plane at every token of a film, frame by frame, row by row.

    Plane j of an axis with N planes turns by base^(-j / N) for one step along that axis; each axis has a ladder of
    its own, from 1 down.

    Shapes: -> (frames height width, head_dim / 2).
    Units: radians.
    Errors: as ``split_planes``; ValueError for base <= 1.
    Source: LongCat-Video, longcat_video/modules/rope_3d.py.
    """
    turned = []
    for axis, (count, planes) in enumerate(zip((frames, height, width), split_planes(head_dim=head_dim), strict=True)):
        ladder = frequency_ladder(planes=planes, base=base, device=device)
        along = torch.arange(count, device=device, dtype=ladder.dtype)[:, None] * ladder
        place = [1, 1, 1]
        place[axis] = count
        turned.append(along.view(*place, planes).expand(frames, height, width, planes))
    return torch.cat(turned, dim=-1).flatten(0, 2)
