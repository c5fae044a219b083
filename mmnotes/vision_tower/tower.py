"""A vision transformer for pictures and films of any size, all in one row of patches.

Attention stays inside one pair of frames of one picture. So a batch is no stack of equal pictures but the row of all
their patches, with the grids that say where each begins.

Papers: Bai et al., Qwen3-VL technical report (2025), section 2; Dehghani et al., Patch n' Pack (2023), for many sizes
in one row.
"""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu

from mmnotes.vision_tower.patches import PAIR, Grid
from mmnotes.vision_tower.positions import resampled_table, rotary_of
from mmnotes.vision_tower.runs import attended

EPSILON = 1e-6


class VisionBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)); queries and keys are turned by row and column.

    Shapes: x (patches, dim), cos and sin (1, patches, dim / heads / 2) -> (patches, dim).
    Units: lengths count the patches of each run that attends to itself; they sum to patches.
    Errors: ValueError where heads does not divide dim into multiples of four.
    Source: transformers' Qwen3VLVisionBlock.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int) -> None:
        super().__init__()
        if heads < 1 or dim % (4 * heads):
            raise ValueError(f"heads must divide dim = {dim} into multiples of 4, for rows and columns, got {heads}")
        self.heads = heads
        self.attention_norm: nn.Module = nn.LayerNorm(dim, eps=EPSILON)
        self.qkv, self.output = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp_norm: nn.Module = nn.LayerNorm(dim, eps=EPSILON)
        self.up, self.down = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(
        self,
        x: Float[Tensor, "patches dim"],
        cos: Float[Tensor, "1 patches planes"],
        sin: Float[Tensor, "1 patches planes"],
        *,
        lengths: Sequence[int],
    ) -> Float[Tensor, "patches dim"]:
        """Both steps, attention first."""
        qkv = self.qkv(self.attention_norm(x))
        x = x + self.output(attended(qkv, cos, sin, heads=self.heads, lengths=lengths))
        return x + self._mlp(self.mlp_norm(x))

    def _mlp(self, y: Float[Tensor, "patches dim"]) -> Float[Tensor, "patches dim"]:
        added: Tensor = self.down(gelu(self.up(y), approximate="tanh"))
        return added


class VisionTower(nn.Module):
    """Patches of any grids through a linear map, a resampled table of positions and ``depth`` blocks.

    The map of a patch is one step of a 3-D convolution. There is no norm at the end: the mergers have theirs.

    Shapes: row (patches, values) with values = channels · 2 · patch² -> (patches, dim).
    Errors: ValueError where the grids have another number of patches than the row, or as ``VisionBlock``.
    Source: transformers' Qwen3VLVisionModel, before its mergers.
    """

    def __init__(
        self, *, channels: int, patch: int, merge: int, side: int, dim: int, depth: int, heads: int, hidden: int
    ) -> None:
        super().__init__()
        self.merge, self.planes = merge, dim // heads // 2
        self.patch = nn.Linear(channels * PAIR * patch**2, dim)
        self.table = nn.Parameter(torch.randn(side, side, dim) * 0.02)
        self.blocks = nn.ModuleList(VisionBlock(dim=dim, heads=heads, hidden=hidden) for _ in range(depth))

    def forward(self, row: Float[Tensor, "patches values"], grids: Sequence[Grid]) -> Float[Tensor, "patches dim"]:
        """The patches after the last block."""
        return self.states(row, grids)[-1]

    def states(self, row: Float[Tensor, "patches values"], grids: Sequence[Grid]) -> list[Float[Tensor, "patches dim"]]:
        """The patches after each block, first to last."""
        lengths = [grid.rows * grid.columns for grid in grids for _ in range(grid.frames)]
        if sum(lengths) != len(row):
            raise ValueError(f"row must have the {sum(lengths)} patches of grids, got {len(row)}")
        x, states = self.embed(row, grids), []
        cos, sin = rotary_of(grids, planes=self.planes, merge=self.merge, device=row.device)
        for block in self.blocks:
            x = cast("VisionBlock", block)(x, cos, sin, lengths=lengths)
            states.append(x)
        return states

    def embed(self, row: Float[Tensor, "patches values"], grids: Sequence[Grid]) -> Float[Tensor, "patches dim"]:
        """What the first block is given: the map of each patch, and its position from the table."""
        kept: dict[Grid, Tensor] = {}
        for grid in grids:
            if grid not in kept:
                kept[grid] = resampled_table(self.table, grid, merge=self.merge)
        embedded: Tensor = self.patch(row)
        return embedded + torch.cat([kept[grid] for grid in grids])
