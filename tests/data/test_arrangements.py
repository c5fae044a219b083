"""Boards: what they show is what they say, their seed decides, and some pairs never meet on them."""

import pytest
import torch

from mmnotes.data.arrangements import CELL, films_of_boards, pictures_of_boards, pictures_of_drawings
from mmnotes.data.boards import CELLS, NAMES, STEPS

VENDORS = ("noto", "fluent")


def test_pictures_have_their_shape_range_and_number_of_drawings():
    pictures, boards = pictures_of_boards(120, vendors=VENDORS, seed=0)
    assert pictures.shape == (120, 1, 3, 96, 96) and pictures.min() >= 0 and pictures.max() <= 1
    assert {len(board.names) for board in boards} == {2, 3, 4, 5, 6}
    assert all(board.moved is None and board.late is None for board in boards)
    assert all(len(set(board.names.values())) == len(board.names) for board in boards)


def test_a_drawing_lies_in_its_cell_and_nowhere_else():
    """Two boards from one seed differ where drawings of another vendor lie, and only there."""
    one, boards = pictures_of_boards(40, vendors=("noto",), seed=5)
    other, _ = pictures_of_boards(40, vendors=("twemoji",), seed=5)
    differs = (one - other).abs().amax((1, 2))
    for board, where in zip(boards, differs, strict=True):
        cells = where.unfold(0, CELL, CELL).unfold(1, CELL, CELL).amax((2, 3)) > 1e-6
        assert {(row, column) for row, column in cells.nonzero().tolist()} == set(board.names)


def test_the_seed_decides_and_owns_its_generator():
    torch.manual_seed(0)
    state = torch.get_rng_state()
    drawn = [pictures_of_boards(3, vendors=VENDORS, seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(drawn[0][0], drawn[1][0]) and drawn[0][1] == drawn[1][1]
    assert not torch.equal(drawn[0][0], drawn[2][0])


def test_in_a_film_one_drawing_moves_by_a_cell_and_one_comes_late():
    films, boards = films_of_boards(40, vendors=VENDORS, seed=2)
    assert films.shape == (40, 4, 3, 96, 96)
    for film, board in zip(films, boards, strict=True):
        name, way = board.moved
        assert name in board.names.values() and board.late in board.names.values() and board.late != name
        changed = (film[1:] - film[:-1]).abs().amax((1, 2, 3)) > 0.02
        assert changed.all(), "it moves in every frame"
        row, column = next(cell for cell, other in board.names.items() if other == name)
        came = row - STEPS[way][0], column - STEPS[way][1]
        assert max(came) < CELLS and min(came) >= 0 and came not in board.names


@pytest.mark.parametrize("side", [32, 48, 64])
def test_one_drawing_lies_somewhere_on_a_square_of_any_side(side):
    pictures, names = pictures_of_drawings(60, side=side, vendors=VENDORS, seed=0)
    assert pictures.shape == (60, 1, 3, side, side) and set(names) <= set(NAMES) and len(set(names)) > 20


def test_bad_arguments_are_named():
    for drawn in (pictures_of_boards, films_of_boards):
        with pytest.raises(ValueError, match="vendors must name at least one, got none"):
            drawn(1, vendors=(), seed=0)
    with pytest.raises(ValueError, match="vendors"):
        pictures_of_drawings(1, side=32, vendors=(), seed=0)
    with pytest.raises(ValueError, match="cells must be 2 or 3, got 4"):
        pictures_of_boards(1, vendors=VENDORS, seed=0, cells=4)
    for side in (29, 65):
        with pytest.raises(ValueError, match=f"side must be from 30 to 64 pixels, got {side}"):
            pictures_of_drawings(1, side=side, vendors=VENDORS, seed=0)
