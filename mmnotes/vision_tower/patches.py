"""Pictures and films as rows of patches, in the order in which a merger joins them.

A patch is a square of a pair of frames. A picture is a film of one frame, shown twice. Patches of one block of
merge x merge stand together in the row, so that joining them is a reshape.

Papers: Wang et al., Qwen2-VL (2024), section 2.1, for pairs of frames and the merger.
"""

from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

PAIR = 2  # frames in a patch


class Grid(NamedTuple):
    """The patches of a picture or a film: pairs of frames, rows and columns."""

    frames: int
    rows: int
    columns: int

    def patches(self) -> int:
        """How many patches there are."""
        return self.frames * self.rows * self.columns

    def tokens(self, *, merge: int) -> int:
        """How many tokens are left when merge x merge patches have been joined."""
        return self.patches() // merge**2


def patchify(
    film: Float[Tensor, "frames channels height width"], *, patch: int, merge: int
) -> tuple[Float[Tensor, "patches values"], Grid]:
    """A film, or a picture as a film of one frame, as a row of patches, and its grid.

    An odd number of frames is made even by showing the last one twice. The row goes pair by
    pair, in a pair block by block of merge x merge patches, in a block row by row; the values
    of a patch go channel by channel, in a channel frame by frame.

    >>> row, grid = patchify(torch.arange(16.0).view(1, 1, 4, 4), patch=1, merge=2)
    >>> row[:, 0]  # the upper left block of four pixels comes first
    tensor([ 0.,  1.,  4.,  5.,  2.,  3.,  6.,  7.,  8.,  9., 12., 13., 10., 11.,
            14., 15.])
    >>> grid
    Grid(frames=1, rows=4, columns=4)

    Shapes: film (frames, channels, height, width) -> (patches, values) with
    values = channels · 2 · patch².
    Errors: ValueError for no frame, for patch or merge < 1, or where patch · merge does not
    divide height and width.
    Source: transformers' Qwen2VLImageProcessorPil and Qwen3VLVideoProcessor, which it equals
    bit for bit.
    """
    _check_sizes(patch=patch, merge=merge)
    frames, _, height, width = film.shape
    if not frames:
        raise ValueError("film must have at least one frame, got none")
    if not height or not width or height % (patch * merge) or width % (patch * merge):
        sides = f"a multiple of {patch * merge} high and wide"
        raise ValueError(f"film must be {sides}, got {height} by {width}")
    if frames % PAIR:
        film = torch.cat([film, film[-1:]])
    sizes = {"pair": PAIR, "i": merge, "j": merge, "p": patch, "q": patch}
    row = rearrange(film, _FILM + " -> " + _ROW, **sizes)
    return row, Grid(len(film) // PAIR, height // patch, width // patch)


def unpatchify(
    row: Float[Tensor, "patches values"], grid: Grid, *, patch: int, merge: int
) -> Float[Tensor, "frames channels height width"]:
    """The film of a row of patches: the inverse of ``patchify``, up to a last frame shown twice.

    Shapes: row (patches, values) -> (frames, channels, height, width).
    Errors: ValueError where the grid has another number of patches than the row, or is no multiple of merge; where
    2 · patch² does not divide values.
    Source: the inverse of transformers' Qwen2VLImageProcessor.
    """
    _check_sizes(patch=patch, merge=merge)
    check_grid(grid, merge=merge)
    if len(row) != grid.patches():
        raise ValueError(f"row must have the {grid.patches()} patches of {grid}, got {len(row)}")
    if row.shape[1] % (PAIR * patch**2):
        raise ValueError(f"row must have a multiple of {PAIR * patch**2} values a patch, got {row.shape[1]}")
    sizes = {"t": grid.frames, "h": grid.rows // merge, "w": grid.columns // merge}
    return rearrange(row, _ROW + " -> " + _FILM, pair=PAIR, i=merge, j=merge, p=patch, q=patch, **sizes)


_FILM = "(t pair) c (h i p) (w j q)"
_ROW = "(t h w i j) (c pair p q)"


def block_order(grid: Grid, *, merge: int) -> Int[Tensor, "patches 2"]:
    """Row and column of every patch, in the order of ``patchify``.

    Numbers come from a size, before there is a tensor: there is nothing to trace.

    Shapes: -> (patches, 2).
    Errors: ValueError where merge does not divide rows and columns, or a size is < 1.
    Source: transformers' get_vision_position_ids.
    """
    check_grid(grid, merge=merge)
    places = torch.stack(torch.meshgrid(torch.arange(grid.rows), torch.arange(grid.columns), indexing="ij"))
    blocks = rearrange(places, "ids (h i) (w j) -> (h w i j) ids", i=merge, j=merge)
    return blocks.repeat(grid.frames, 1)


def check_grid(grid: Grid, *, merge: int) -> None:
    """Refuse a grid that has no patch, or whose patches cannot be joined merge by merge.

    Errors: ValueError that names the grid.
    """
    if min(grid) < 1 or grid.rows % merge or grid.columns % merge:
        raise ValueError(f"grid must have frames, and rows and columns that are multiples of {merge}, got {grid}")


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be >= 1, got {size}")
