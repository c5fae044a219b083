"""Window attention: in most blocks a patch attends to those of its own square of patches only.

Papers: Bai et al., Qwen2.5-VL technical report (2025), section 2.1.1. Qwen3-VL has no windows.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import silu

from mmnotes.vision_tower.merger import Merger
from mmnotes.vision_tower.patches import PAIR, Grid, block_order
from mmnotes.vision_tower.positions import rotary_of
from mmnotes.vision_tower.tower import EPSILON, VisionBlock


def window_ids(grids: Sequence[Grid], *, side: int, merge: int) -> Int[Tensor, "patches"]:
    """The number of each patch's window, in the order of ``patchify``.

    Two patches have one number where pair of frames, ⌊row / side⌋ and ⌊column / side⌋ agree.
    A window at an edge is as small as what is left; nothing is padded. Numbers come from a
    size, before there is a tensor: there is nothing to trace.

    >>> window_ids([Grid(1, 2, 6)], side=4, merge=2)
    tensor([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])

    Shapes: -> (patches,), patches of all grids in a row.
    Units: side in patches: 8 in Qwen2.5-VL, which is 112 pixels.
    Errors: ValueError for no grid, where merge does not divide side, or as ``block_order``.
    Source: transformers' get_vision_window_index.
    """
    if not grids:
        raise ValueError("grids must hold at least one grid, got none")
    if side < 1 or side % merge:
        raise ValueError(f"side must be a multiple of merge = {merge}, got {side}")
    ids, first = [], 0
    for grid in grids:
        down, across = -(-grid.rows // side), -(-grid.columns // side)
        row, column = (block_order(grid, merge=merge) // side).T
        frame = torch.arange(grid.frames).repeat_interleave(grid.rows * grid.columns)
        ids.append(first + (frame * down + row) * across + column)
        first += grid.frames * down * across
    return torch.cat(ids)


def frame_ids(grids: Sequence[Grid]) -> Int[Tensor, "patches"]:
    """The number of each patch's pair of frames: full attention as windows of the largest size.

    Numbers come from a size, before there is a tensor: there is nothing to trace.

    Shapes: -> (patches,), patches of all grids in a row.
    Source: transformers' get_vision_cu_seqlens.
    """
    sizes = torch.tensor([grid.rows * grid.columns for grid in grids for _ in range(grid.frames)])
    return torch.arange(len(sizes)).repeat_interleave(sizes)


def heard_of(ids: Sequence[Int[Tensor, "patches"]]) -> Bool[Tensor, "patches patches"]:
    """Of which patches each has heard after as many blocks as there are ids, one row a patch.

    A block gives a patch what all patches of its number have heard of: R ← (same number) R, from R = identity.

    >>> heard_of([torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])])[2]  # of all: its neighbour had heard of the first
    tensor([True, True, True])

    Shapes: each (patches,) -> (patches, patches).
    Units: ids from 0 to below patches.
    Errors: ValueError for no ids.
    """
    if not ids:
        raise ValueError("ids must hold those of at least one block, got none")
    heard = torch.eye(len(ids[0]), device=ids[0].device)
    for each in ids:
        in_window = torch.zeros_like(heard).index_add(0, each, heard)
        heard = in_window[each].clamp(max=1)
    return heard > 0


class WindowBlock(VisionBlock):
    """As ``VisionBlock``, but for norms without mean and shift and mlp(y) = down(silu(gate(y)) · up(y)).

    Source: transformers' Qwen2_5_VLVisionBlock.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int) -> None:
        super().__init__(dim=dim, heads=heads, hidden=hidden)
        self.attention_norm, self.mlp_norm = nn.RMSNorm(dim, eps=EPSILON), nn.RMSNorm(dim, eps=EPSILON)
        self.gate = nn.Linear(dim, hidden)

    def _mlp(self, y: Float[Tensor, "patches dim"]) -> Float[Tensor, "patches dim"]:
        added: Tensor = self.down(silu(self.gate(y)) * self.up(y))
        return added


class WindowTower(nn.Module):
    """Patches of any grids through a linear map and ``depth`` blocks with windows of side by side patches, but for
    the blocks ``whole``, whose attention spans a pair of frames; then four patches become a token.

    Patches are put window by window once, before the first block, so that a window is a run of the row as a pair of
    frames is. There is no table of positions, and the map of a patch has no bias. Windows are counted
    before the first block, and what is counted cannot be traced.

    Shapes: row (patches, values) with values = channels · 2 · patch² -> (tokens, out).
    Errors: ValueError where the grids have another number of patches than the row; as ``window_ids``.
    Source: transformers' Qwen2_5_VisionTransformerPretrainedModel.
    """

    def __init__(
        self, *, channels: int, patch: int, merge: int, side: int, dim: int, depth: int, heads: int, hidden: int,
        out: int, whole: Sequence[int],
    ) -> None:  # fmt: skip
        super().__init__()
        self.merge, self.side, self.planes, self.whole = merge, side, dim // heads // 2, frozenset(whole)
        self.patch = nn.Linear(channels * PAIR * patch**2, dim, bias=False)
        self.blocks = nn.ModuleList(WindowBlock(dim=dim, heads=heads, hidden=hidden) for _ in range(depth))
        self.merger = Merger(dim=dim, merge=merge, out=out)
        self.merger.norm = nn.RMSNorm(dim, eps=EPSILON)

    def forward(self, row: Float[Tensor, "patches values"], grids: Sequence[Grid]) -> Float[Tensor, "tokens out"]:
        """The tokens that a language model reads."""
        tokens: Tensor = self.merger(self.state(row, grids))
        return tokens

    def state(self, row: Float[Tensor, "patches values"], grids: Sequence[Grid]) -> Float[Tensor, "patches dim"]:
        """The patches after the last block, in the order of ``patchify``. Windows are counted before the first block,
        and what is counted cannot be traced.
        """
        ids = window_ids(grids, side=self.side, merge=self.merge)
        if len(ids) != len(row):
            raise ValueError(f"row must have the {len(ids)} patches of grids, got {len(row)}")
        frames = frame_ids(grids).bincount().tolist()
        order, windows = ids.argsort(stable=True).to(row.device), ids.bincount().tolist()
        tables = rotary_of(grids, planes=self.planes, merge=self.merge, device=row.device)
        cos, sin = (table[:, order] for table in tables)
        x = self.patch(row)[order]
        for number, block in enumerate(self.blocks):
            x = block(x, cos, sin, lengths=frames if number in self.whole else windows)
        back: Tensor = x[order.argsort()]
        return back
