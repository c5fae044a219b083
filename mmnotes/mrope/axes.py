"""The axis that each plane of a head reads, and the tables that turn it.

Papers: Wang et al., Qwen2-VL (2024), section 2.1; Bai et al., Qwen3-VL technical report (2025), section 2.1.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.rotation import frequency_ladder


def sectioned(sections: Sequence[int]) -> Int[Tensor, "planes"]:
    """The axis of each plane, section by section: first all of time, then height, then width.

    >>> sectioned([2, 3, 3])
    tensor([0, 0, 1, 1, 1, 2, 2, 2])

    Shapes: sections (planes of time, of height, of width) -> (planes,), with 0, 1, 2 for time, height, width.
    Errors: ValueError unless there are three sections, none negative, and at least one plane.
    Source: Qwen2-VL, section 2.1; transformers' Qwen2_5_VLRotaryEmbedding, default [16, 24, 24].
    """
    _check_sections(sections)
    return torch.tensor([axis for axis, planes in enumerate(sections) for _ in range(planes)])


def interleaved(sections: Sequence[int]) -> Int[Tensor, "planes"]:
    """The axis of each plane, dealt out in turn: time, height, width, time, ...; what
    is left over is time.

    >>> interleaved([4, 2, 2])
    tensor([0, 1, 2, 0, 1, 2, 0, 0])

    Height takes the planes 1, 4, 7, ... until it has its number, width 2, 5, 8, ...,
    and time every other one. Of [24, 20, 20] the last four planes, the slowest of all,
    are time's.

    Shapes: sections (planes of time, of height, of width) -> (planes,), with 0, 1, 2
    for time, height, width.
    Errors: ValueError unless there are three sections, none negative, and at least one
    plane; or if height or width has more planes than can be dealt out in turn.
    Source: Qwen3-VL technical report, section 2.1; transformers'
    Qwen3VLTextRotaryEmbedding, default [24, 20, 20].
    """
    _check_sections(sections)
    planes = sum(sections)
    axes = torch.zeros(planes, dtype=torch.long)
    for axis, name in ((1, "height"), (2, "width")):
        dealt = torch.arange(axis, planes, 3)[: sections[axis]]
        if len(dealt) < sections[axis]:
            room = f"{planes} planes dealt in turn give {name} at most {len(dealt)}"
            raise ValueError(f"sections must fit: {room}, got {tuple(sections)}")
        axes[dealt] = axis
    return axes


def rotary(
    position_ids: Int[Tensor, "3 batch tokens"],
    axes: Int[Tensor, "planes"],
    *,
    base: float,
) -> tuple[Float[Tensor, "batch tokens planes"], Float[Tensor, "batch tokens planes"]]:
    """The tables cos and sin of the angles θ_j id_a(j), with a(j) the axis of plane j.

    >>> ids = torch.tensor([[[0, 1]], [[0, 0]], [[0, 2]]])  # time, row, column
    >>> cos, sin = rotary(ids, interleaved([2, 1, 1]), base=100)
    >>> cos
    tensor([[[1.0000, 1.0000, 1.0000, 1.0000],
             [0.5403, 1.0000, 0.9801, 0.9995]]])

    As ``rotate_halves`` wants them. transformers returns each table twice, side by
    side, since it turns with ``x * cos + rotate_half(x) * sin``: its tables are
    ``torch.cat([cos, cos], dim=-1)`` and the same of sin.

    Shapes: position_ids (3, batch, tokens), axes (planes,) -> two of (batch, tokens,
    planes), in float32 whatever the model's dtype: whoever wants half precision casts
    the tables.
    Units: ids count tokens, rows, columns or steps of time.
    Errors: ValueError for an axis that is not 0, 1 or 2, or for base <= 1.
    Source: transformers' Qwen2_5_VLRotaryEmbedding and Qwen3VLTextRotaryEmbedding,
    equal to the last bit.
    """
    _check_axes(axes)
    ladder = frequency_ladder(planes=len(axes), base=base, device=axes.device)
    turned = position_ids.permute(1, 2, 0).float()[..., axes] * ladder
    return turned.cos(), turned.sin()


def axis_frequencies(
    axes: Int[Tensor, "planes"], *, base: float, dtype: torch.dtype = torch.float64
) -> Float[Tensor, "planes 3"]:
    """The frequency vectors ω_j = θ_j e_a(j) that make MRoPE a case of rotary encoding in three dimensions.

    ``rotary`` turns by exactly these.

    Shapes: axes (planes,) -> (planes, 3).
    Units: radians for one step of time, one row, one column.
    Errors: ValueError for an axis that is not 0, 1 or 2, or for base <= 1.
    """
    _check_axes(axes)
    ladder = frequency_ladder(planes=len(axes), base=base, dtype=dtype, device=axes.device)
    return ladder[:, None] * (axes[:, None] == torch.arange(3, device=axes.device))


def _check_axes(axes: Tensor) -> None:
    if values_known(axes) and not ((axes >= 0) & (axes <= 2)).all():
        raise ValueError(f"axes must hold 0, 1 and 2 only, got {sorted(set(axes.tolist()))}")


def _check_sections(sections: Sequence[int]) -> None:
    if len(sections) != 3 or min(sections) < 0 or sum(sections) == 0:
        raise ValueError(f"sections must be three numbers >= 0, not all 0, got {tuple(sections)}")
