"""A draft brought to the size of the film: linear in rows, columns and frames, from corner to corner.

Papers: Meituan LongCat team, LongCat-Video technical report (2025), on coarse-to-fine generation.

Differs: the released code enlarges rows and columns first, and then frames; here it is one step, with the same result.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.layers.precision import promoted


def enlarged(
    draft: Float[Tensor, "batch frames channels height width"], *, frames: int, side: int
) -> Float[Tensor, "batch _ channels side side"]:
    """The draft at so many frames of side x side pixels: the first and the last of each axis stay where they are, and
    what lies between is read off straight lines.

    Shapes: draft (batch, few, channels, height, width) -> (batch, frames, channels, side, side).
    Units: those of the draft, whose range is not left.
    Errors: ValueError for fewer frames or pixels than the draft has.
    Source: LongCat-Video, pipeline_longcat_video.py, generate_refine: ``interpolate(..., align_corners=True)``, twice.
    """
    if frames < draft.shape[1]:
        raise ValueError(f"frames must be at least the draft's {draft.shape[1]}, got {frames}")
    if side < max(draft.shape[-2:]):
        raise ValueError(f"side must be at least the draft's {max(draft.shape[-2:])}, got {side}")
    (wide,) = promoted(draft.transpose(1, 2))
    full = interpolate(wide, size=(frames, side, side), mode="trilinear", align_corners=True)
    return full.transpose(1, 2).to(draft.dtype)


def read_at(*, few: int, many: int) -> Float[Tensor, "many"]:
    """Which place of the draft, counted from 0, each frame of the enlarged film is read at: i (few - 1) / (many - 1).

    It cannot be traced: it is a table.

    Shapes: -> (many,).
    Units: frames of the draft; a place between two frames is a mixture of both.
    Errors: ValueError for a count below 2.
    Source: torch.nn.functional.interpolate with ``align_corners=True``.
    """
    if min(few, many) < 2:
        raise ValueError(f"few and many must be at least 2, got {few} and {many}")
    return torch.linspace(0, few - 1, many, dtype=torch.float64).float()


def drafted(
    film: Float[Tensor, "batch frames channels height width"], *, factor: int
) -> Float[Tensor, "batch _ channels rows columns"]:
    """What is left of a film in a draft: every other frame, and the mean of each factor x factor square of pixels.

    Shapes: film (batch, frames, channels, height, width) -> (batch, ceil(frames / 2), channels, height / factor, width
    / factor).
    Errors: ValueError for a factor that does not divide height and width.
    Source: LongCat-Video technical report, on coarse-to-fine generation: half the frame rate, and a smaller picture.
    """
    if factor < 1 or film.shape[-2] % factor or film.shape[-1] % factor:
        raise ValueError(f"factor must divide height and width {tuple(film.shape[-2:])}, got {factor}")
    squares = film[:, ::2].unflatten(-1, (-1, factor)).unflatten(-3, (-1, factor))
    means: Tensor = squares.mean((-3, -1))
    return means
