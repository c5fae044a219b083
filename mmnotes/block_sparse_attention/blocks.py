"""Tokens of a film in blocks: neighbours in time, height and width one after the other, and back again.

Paper: Meituan LongCat team, LongCat-Video technical report (2025), appendix A.2.1.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

Grid = tuple[int, int, int]  # of frames, rows and columns


def to_blocks(
    x: Float[Tensor, "batch heads tokens dim"], *, grid: Grid, block: Grid
) -> Float[Tensor, "batch heads blocks inside dim"]:
    """The tokens of a film, block by block.

    Tokens come frame by frame, row by row, column by column. Blocks come in the same
    order, and so do the tokens inside a block.

    >>> x = torch.arange(16.0).view(1, 1, 16, 1)  # a film of 2 x 2 x 4 tokens
    >>> to_blocks(x, grid=(2, 2, 4), block=(1, 2, 2))[0, 0, :, :, 0]
    tensor([[ 0.,  1.,  4.,  5.],
            [ 2.,  3.,  6.,  7.],
            [ 8.,  9., 12., 13.],
            [10., 11., 14., 15.]])

    Shapes: x (batch, heads, tokens, dim) -> (batch, heads, blocks, inside, dim), with
    frames x height x width tokens and the product of ``block`` inside each.
    Errors: ValueError if the grid does not have these tokens, or if blocks do not fit.
    Source: LongCat-Video, bsa_interface.py, rearrange_THW_to_3d_block.
    """
    (frames, height, width), (t, h, w) = grid, _fitting(grid, block)
    if x.shape[2] != frames * height * width:
        wanted = f"{frames} x {height} x {width} tokens"
        raise ValueError(f"x must have {wanted}, got {x.shape[2]}")
    return rearrange(
        x,
        "batch heads (nt t nh h nw w) dim -> batch heads (nt nh nw) (t h w) dim",
        nt=frames // t, nh=height // h, nw=width // w, t=t, h=h, w=w,
    )  # fmt: skip


def from_blocks(
    x: Float[Tensor, "batch heads blocks inside dim"], *, grid: Grid, block: Grid
) -> Float[Tensor, "batch heads tokens dim"]:
    """The inverse of ``to_blocks``.

    Shapes: x (batch, heads, blocks, inside, dim) -> (batch, heads, tokens, dim).
    Errors: ValueError if the blocks do not fit the grid, or if x has others.
    Source: LongCat-Video, bsa_interface.py, rearrange_3d_block_to_THW.
    """
    (frames, height, width), (t, h, w) = grid, _fitting(grid, block)
    count, inside = block_count(grid=grid, block=block), t * h * w
    if tuple(x.shape[2:4]) != (count, inside):
        raise ValueError(f"x must have {count} blocks of {inside} tokens, got {x.shape[2]} of {x.shape[3]}")
    return rearrange(
        x,
        "batch heads (nt nh nw) (t h w) dim -> batch heads (nt t nh h nw w) dim",
        nt=frames // t, nh=height // h, nw=width // w, t=t, h=h, w=w,
    )  # fmt: skip


def block_count(*, grid: Grid, block: Grid) -> int:
    """How many blocks a grid has.

    There is nothing to trace.

    Errors: ValueError if blocks do not fit the grid.
    """
    frames, height, width = (whole // part for whole, part in zip(grid, _fitting(grid, block), strict=True))
    return frames * height * width


def block_centres(*, grid: Grid, block: Grid, device: torch.device | str | None = None) -> Float[Tensor, "blocks axes"]:
    """The middle of every block, in steps of the grid.

    It is made of numbers alone: there is nothing to trace.

    Shapes: -> (blocks, 3), in the order of ``to_blocks``.
    Errors: ValueError if blocks do not fit the grid.
    """
    _fitting(grid, block)
    along = [
        torch.arange(whole // part, device=device) * float(part) + (part - 1) / 2
        for whole, part in zip(grid, block, strict=True)
    ]
    return torch.stack(torch.meshgrid(*along, indexing="ij"), dim=-1).flatten(0, 2)


def _fitting(grid: Grid, block: Grid) -> Grid:
    if min(block) < 1 or any(whole % part or not whole for whole, part in zip(grid, block, strict=True)):
        raise ValueError(f"block must divide the grid {grid} axis by axis, got {block}")
    return block
