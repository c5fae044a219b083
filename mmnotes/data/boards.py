"""Boards of two by two or three by three cells on which names of the corpus lie, and what happens on them in a film.

Some pairs of concepts never meet on a training board, so that a model can be asked about pairs it has never seen.
"""

from typing import NamedTuple

import torch

CELLS = 3  # in a row of the board
FEWEST, MOST = 2, 6  # drawings on a board
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


def random_board(random: torch.Generator, *, cells: int, most: int, apart: bool) -> Board:
    """A board of ``cells`` by ``cells`` with two to ``most`` drawings: two neighbours, then others at free cells.

    With ``apart`` the neighbours are a pair that never meets; without, no such pair is on the board.
    """
    step = (0, 1) if below(2, random) else (1, 0)
    row, column = below(cells - step[0], random), below(cells - step[1], random)
    taken = [(row, column), (row + step[0], column + step[1])]
    free = [cell for cell in ((r, c) for r in range(cells) for c in range(cells)) if cell not in taken]
    more = below(most - FEWEST + 1, random)
    taken += [free[place] for place in torch.randperm(len(free), generator=random)[:more].tolist()]
    chosen = list[str]()
    while len(chosen) < len(taken):
        name = NAMES[below(len(NAMES), random)]
        if name in chosen:
            continue
        if apart and len(chosen) == 1:
            if never_meet(chosen[0], name):
                chosen.append(name)
        elif not any(never_meet(name, other) for other in chosen):
            chosen.append(name)
    return Board(dict(zip(taken, chosen, strict=True)))


def set_in_motion(board: Board, random: torch.Generator) -> Board:
    """One drawing that has a free cell beside it comes from there, and another one comes late."""
    ways = [
        (name, way)
        for (row, column), name in board.names.items()
        for way, (down, right) in STEPS.items()
        if 0 <= row - down < CELLS and 0 <= column - right < CELLS and (row - down, column - right) not in board.names
    ]
    moved = ways[below(len(ways), random)]
    others = [name for name in board.names.values() if name != moved[0]]
    return board._replace(moved=moved, late=others[below(len(others), random)])


def below(count: int, random: torch.Generator) -> int:
    """A whole number from 0 to below ``count``."""
    return int(torch.randint(count, (), generator=random))
