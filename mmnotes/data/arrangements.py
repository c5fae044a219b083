"""Boards of drawings of the corpus as pictures and as short films, on plain grounds and textures, with the truth known.

What is random comes from the seed alone.
"""

import math
from collections.abc import Sequence
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.data.boards import CELLS, MOST, NAMES, STEPS, Board, below, random_board, set_in_motion
from mmnotes.data.emoji import Vendor, concept_index, cutouts
from mmnotes.data.textures import SIDE as TEXTURE
from mmnotes.data.textures import textures

CELL = 32  # pixels of a cell's side
DRAWING = (22, 30)  # sides of a drawing, in pixels
MOST_OF_FILM = 4  # drawings
FRAMES = 4


def pictures_of_boards(
    count: int, *, vendors: Sequence[Vendor], seed: int, cells: int = CELLS, apart: bool = False
) -> tuple[Float[Tensor, "batch 1 channels height width"], list[Board]]:
    """Boards of ``cells`` by ``cells`` with two to six drawings, at least two of them neighbours, and what each shows.

    With ``apart`` two neighbours are a pair that never meets in training; without, no such pair is on a board.

    Shapes: (batch, frames, channels, height, width) = (count, 1, 3, 32 cells, 32 cells).
    Units: red, green and blue from 0 to 1.
    Errors: ValueError for no vendor, or for cells that are not 2 or 3.
    """
    if cells not in (2, CELLS):
        raise ValueError(f"cells must be 2 or {CELLS}, got {cells}")
    return _drawn(count, 1, cells, vendors, seed, apart)


def films_of_boards(
    count: int, *, vendors: Sequence[Vendor], seed: int, apart: bool = False
) -> tuple[Float[Tensor, "batch 4 channels height width"], list[Board]]:
    """Films of four frames, half a second apart: on boards with two to four drawings one moves, and one comes late.

    Shapes: (batch, frames, channels, height, width) = (count, 4, 3, 96, 96).
    Units: red, green and blue from 0 to 1.
    Errors: ValueError for no vendor.
    """
    return _drawn(count, FRAMES, CELLS, vendors, seed, apart)


def pictures_of_drawings(
    count: int, *, side: int, vendors: Sequence[Vendor], seed: int
) -> tuple[Float[Tensor, "batch 1 channels height width"], list[str]]:
    """One drawing each, somewhere on a square of this side, and its name.

    Shapes: (batch, frames, channels, height, width) = (count, 1, 3, side, side).
    Units: red, green and blue from 0 to 1.
    Errors: ValueError for no vendor, or a side that has no room for a drawing or is more than a texture's.
    """
    _check_vendors(vendors)
    if not DRAWING[1] <= side <= TEXTURE:
        raise ValueError(f"side must be from {DRAWING[1]} to {TEXTURE} pixels, got {side}")
    random = torch.Generator().manual_seed(seed)
    top, left = torch.randint(TEXTURE - side + 1, (2,), generator=random).tolist()
    textured = textures(count, seed=below(2**62, random))[..., top : top + side, left : left + side]
    pictures, names = _on_plain_too(textured, random), list[str]()
    for picture in pictures:
        names.append(NAMES[below(len(NAMES), random)])
        drawing, _ = _cut_out(names[-1], vendors, random)
        room = side - drawing.shape[-1] + 1
        _lay_(picture, drawing, below(room, random), below(room, random))
    return pictures[:, None], names


def _drawn(
    count: int, frames: int, cells: int, vendors: Sequence[Vendor], seed: int, apart: bool
) -> tuple[Tensor, list[Board]]:
    _check_vendors(vendors)
    random = torch.Generator().manual_seed(seed)
    most = min(cells**2, MOST if frames == 1 else MOST_OF_FILM)
    boards = [random_board(random, cells=cells, most=most, apart=apart) for _ in range(count)]
    if frames > 1:
        boards = [set_in_motion(board, random) for board in boards]
    behind = interpolate(textures(count, seed=below(2**62, random)), (cells * CELL,) * 2, mode="bilinear")
    films = _on_plain_too(behind, random)[:, None].repeat(1, frames, 1, 1, 1)
    for film, board in zip(films, boards, strict=True):
        for cell, name in board.names.items():
            drawing, (top, left) = _cut_out(name, vendors, random)
            begins = frames // 2 if name == board.late else 0
            for frame in range(begins, frames):
                down, right = _shift(board, name, frame, frames)
                _lay_(film[frame], drawing, cell[0] * CELL + top + down, cell[1] * CELL + left + right)
    return films, boards


def _on_plain_too(textured: Tensor, random: torch.Generator) -> Tensor:
    """Textures of which half, left to chance, have given way to one colour each."""
    plain = torch.rand(len(textured), 3, 1, 1, generator=random).expand_as(textured)
    return torch.where(torch.rand(len(textured), 1, 1, 1, generator=random) < 0.5, plain, textured)


def _check_vendors(vendors: Sequence[Vendor]) -> None:
    if not vendors:
        raise ValueError("vendors must name at least one, got none")


def _shift(board: Board, name: str, frame: int, frames: int) -> tuple[int, int]:
    """How far from its last place a drawing is, in pixels."""
    if board.moved is None or board.moved[0] != name:
        return 0, 0
    down, right = STEPS[board.moved[1]]
    still = math.floor(CELL * (frames - 1 - frame) / (frames - 1))
    return -down * still, -right * still


def _cut_out(name: str, vendors: Sequence[Vendor], random: torch.Generator) -> tuple[Tensor, tuple[int, int]]:
    """A drawing at a random size, and where it lies in its cell."""
    side = DRAWING[0] + below(DRAWING[1] - DRAWING[0] + 1, random)
    drawing = _kept_drawings(vendors[below(len(vendors), random)], side)[NAMES.index(name)]
    return drawing, (below(CELL - side + 1, random), below(CELL - side + 1, random))


@cache
def _kept_drawings(vendor: Vendor, side: int) -> Tensor:
    """A vendor's drawings of ``NAMES`` at one size; nobody writes to them."""
    chosen = cutouts(vendor=vendor)[[concept_index(name) for name in NAMES]]
    return interpolate(chosen, (side, side), mode="bilinear", align_corners=False, antialias=True)


def _lay_(picture: Tensor, drawing: Tensor, top: int, left: int) -> None:
    side = drawing.shape[-1]
    under = picture[:, top : top + side, left : left + side]
    under.mul_(1 - drawing[3]).add_(drawing[:3]).clamp_(0, 1)
