"""Where a patch is, said twice: a learned table resampled to the grid, and rotary angles of its row and column.

Papers: Bai et al., Qwen3-VL technical report (2025), section 2; Tschannen et al., SigLIP 2 (2025), for the table; Wang
et al., Qwen2-VL (2024), section 2.1, for two-dimensional rotary positions.
"""

from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.layers.rotation import frequency_ladder
from mmnotes.vision_tower.patches import Grid, block_order, check_grid

BASE = 10_000.0  # of the tower's rotary positions in every released Qwen-VL


def resampled_table(
    table: Float[Tensor, "side side dim"],
    grid: Grid,
    *,
    merge: int,
) -> Float[Tensor, "patches dim"]:
    """A square table of positions spread over a grid, in the order of ``patchify``.

    The corners of the grid read the corners of the table, and what lies between is mixed from
    its four neighbours: row r of H reads the table at r (side - 1) / (H - 1). All pairs of
    frames get the same positions.

    Shapes: table (side, side, dim) -> (patches, dim).
    Errors: ValueError where merge does not divide rows and columns, or a size is < 1.
    Source: Qwen3-VL technical report, section 2; transformers'
    get_vision_interpolation_indices_and_weights with mode="bilinear", align_corners=True.
    """
    check_grid(grid, merge=merge)
    size = (grid.rows, grid.columns)
    square = rearrange(table, "h w dim -> 1 dim h w")
    spread = interpolate(square, size, mode="bilinear", align_corners=True)
    row = rearrange(spread, "1 dim (h i) (w j) -> (h w i j) dim", i=merge, j=merge)
    return row.repeat(grid.frames, 1)


def rotary_of(
    grids: Sequence[Grid], *, planes: int, merge: int, device: torch.device | None = None
) -> tuple[Float[Tensor, "1 patches planes"], Float[Tensor, "1 patches planes"]]:
    """The tables cos and sin of two-dimensional rotary positions: half of the planes turn by the row, half by the
    column, both with the whole ladder.

    As ``rotate_halves`` wants them; transformers returns each twice, side by side.

    Shapes: -> two of (1, patches, planes), patches of all grids in a row.
    Errors: ValueError for an odd number of planes, for no grid, or as ``block_order``.
    Source: Qwen2-VL, section 2.1; transformers' Qwen3VLVisionRotaryEmbedding.
    """
    if planes % 2:
        raise ValueError(f"planes must be even, half for rows and half for columns, got {planes}")
    if not grids:
        raise ValueError("grids must hold at least one grid, got none")
    places = torch.cat([block_order(grid, merge=merge) for grid in grids]).to(device)
    ladder = frequency_ladder(planes=planes // 2, base=BASE, device=device)
    angles = (places[..., None].float() * ladder).flatten(1)[None]
    return angles.cos(), angles.sin()
