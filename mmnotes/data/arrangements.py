"""Drawings of the corpus set on a board of three by three cells, as pictures and as short films, with the truth known.

Some pairs of concepts never meet on a training board, so that a model can be asked about pairs it has never seen. What
is random comes from the seed alone.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.data.emoji import Vendor, concept_index, cutouts
from mmnotes.data.textures import SIDE as TEXTURE
from mmnotes.data.textures import textures

CELLS, CELL = 3, 32  # cells in a row of the board; pixels of a cell's side
DRAWING = (22, 30)  # sides of a drawing, in pixels
FEWEST, MOST, MOST_OF_FILM = 2, 6, 4  # drawings on a board
FRAMES = 4
STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
GROUPS = {
    "animals": "dog cat lion horse zebra pig camel giraffe elephant rabbit koala penguin duck owl frog turtle whale "
    "octopus snail butterfly",
    "foods": "banana pineapple strawberry tomato avocado eggplant broccoli pizza egg watermelon",
    "things": "bus bicycle ship airplane umbrella balloon guitar trumpet bell hammer ladder pencil crown camera anchor "
    "rainbow cactus volcano",
}
NAMES = tuple(name for names in GROUPS.values() for name in names.split())  # what may lie on a board


class Board(NamedTuple):
    """What lies where: the name of each drawing's concept by its cell (row, column), as at the end of a film.

    In a film one drawing has moved by a cell, the way that ``moved`` says, and one came late, with the third frame;
    in a picture both are None.
    """

    names: dict[tuple[int, int], str]
    moved: tuple[str, str] | None = None
    late: str | None = None


def never_meet(first: str, second: str) -> bool:
    """Whether two concepts are kept apart on training boards: so are one pair in ten.

    Errors: ValueError for a name that is not one of ``NAMES``.
    """
    return (NAMES.index(first) + NAMES.index(second)) % 10 == 0


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
    textured = textures(count, seed=_below(2**62, random))[..., top : top + side, left : left + side]
    pictures, names = _on_plain_too(textured, random), list[str]()
    for picture in pictures:
        names.append(NAMES[_below(len(NAMES), random)])
        drawing, _ = _cut_out(names[-1], vendors, random)
        room = side - drawing.shape[-1] + 1
        _lay_(picture, drawing, _below(room, random), _below(room, random))
    return pictures[:, None], names


def _drawn(
    count: int, frames: int, cells: int, vendors: Sequence[Vendor], seed: int, apart: bool
) -> tuple[Tensor, list[Board]]:
    _check_vendors(vendors)
    random = torch.Generator().manual_seed(seed)
    most = min(cells**2, MOST if frames == 1 else MOST_OF_FILM)
    boards = [_board(random, cells, most, apart) for _ in range(count)]
    if frames > 1:
        boards = [_set_in_motion(board, random) for board in boards]
    behind = interpolate(textures(count, seed=_below(2**62, random)), (cells * CELL,) * 2, mode="bilinear")
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


def _board(random: torch.Generator, cells_in_row: int, most: int, apart: bool) -> Board:
    """Two neighbours first, then the others at free cells."""
    step = (0, 1) if _below(2, random) else (1, 0)
    row, column = _below(cells_in_row - step[0], random), _below(cells_in_row - step[1], random)
    cells = [(row, column), (row + step[0], column + step[1])]
    free = [cell for cell in ((r, c) for r in range(cells_in_row) for c in range(cells_in_row)) if cell not in cells]
    more = _below(most - FEWEST + 1, random)
    cells += [free[place] for place in torch.randperm(len(free), generator=random)[:more].tolist()]
    chosen = list[str]()
    while len(chosen) < len(cells):
        name = NAMES[_below(len(NAMES), random)]
        if name in chosen:
            continue
        if apart and len(chosen) == 1:
            if never_meet(chosen[0], name):
                chosen.append(name)
        elif not any(never_meet(name, other) for other in chosen):
            chosen.append(name)
    return Board(dict(zip(cells, chosen, strict=True)))


def _set_in_motion(board: Board, random: torch.Generator) -> Board:
    """One drawing that has a free cell beside it comes from there, and another one comes late."""
    ways = [
        (name, way)
        for (row, column), name in board.names.items()
        for way, (down, right) in STEPS.items()
        if 0 <= row - down < CELLS and 0 <= column - right < CELLS and (row - down, column - right) not in board.names
    ]
    moved = ways[_below(len(ways), random)]
    others = [name for name in board.names.values() if name != moved[0]]
    return board._replace(moved=moved, late=others[_below(len(others), random)])


def _shift(board: Board, name: str, frame: int, frames: int) -> tuple[int, int]:
    """How far from its last place a drawing is, in pixels."""
    if board.moved is None or board.moved[0] != name:
        return 0, 0
    down, right = STEPS[board.moved[1]]
    still = math.floor(CELL * (frames - 1 - frame) / (frames - 1))
    return -down * still, -right * still


def _cut_out(name: str, vendors: Sequence[Vendor], random: torch.Generator) -> tuple[Tensor, tuple[int, int]]:
    """A drawing at a random size, and where it lies in its cell."""
    side = DRAWING[0] + _below(DRAWING[1] - DRAWING[0] + 1, random)
    drawing = _kept_drawings(vendors[_below(len(vendors), random)], side)[NAMES.index(name)]
    return drawing, (_below(CELL - side + 1, random), _below(CELL - side + 1, random))


@cache
def _kept_drawings(vendor: Vendor, side: int) -> Tensor:
    """A vendor's drawings of ``NAMES`` at one size; nobody writes to them."""
    chosen = cutouts(vendor=vendor)[[concept_index(name) for name in NAMES]]
    return interpolate(chosen, (side, side), mode="bilinear", align_corners=False, antialias=True)


def _lay_(picture: Tensor, drawing: Tensor, top: int, left: int) -> None:
    side = drawing.shape[-1]
    under = picture[:, top : top + side, left : left + side]
    under.mul_(1 - drawing[3]).add_(drawing[:3]).clamp_(0, 1)


def _below(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=random))
