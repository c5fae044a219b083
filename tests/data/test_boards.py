"""Boards: which names lie on them, and which pairs never meet."""

from mmnotes.data import concepts
from mmnotes.data.arrangements import films_of_boards, pictures_of_boards
from mmnotes.data.boards import GROUPS, NAMES, Board, never_meet

VENDORS = ("noto", "fluent")


def neighbours(board: Board) -> list[tuple[str, str]]:
    return [
        (one, other)
        for (row, column), one in board.names.items()
        for step in ((0, 1), (1, 0))
        if (other := board.names.get((row + step[0], column + step[1])))
    ]


def test_there_are_48_names_of_training_concepts_in_three_groups():
    assert len(set(NAMES)) == len(NAMES) == 48 and len(GROUPS) == 3
    assert {concept.en.label for concept in concepts() if not concept.held_out}.issuperset(NAMES)


def test_pairs_that_never_meet_do_not_and_do_when_they_are_asked_for():
    pairs = [(one, other) for one in NAMES for other in NAMES if one < other]
    assert 0.08 < sum(never_meet(*pair) for pair in pairs) / len(pairs) < 0.12
    assert all(never_meet(*pair) == never_meet(*pair[::-1]) for pair in pairs)
    for drawn in (pictures_of_boards, films_of_boards):
        _, boards = drawn(150, vendors=VENDORS, seed=3)
        together = {(one, other) for board in boards for one in board.names.values() for other in board.names.values()}
        assert not any(never_meet(*pair) for pair in together if pair[0] != pair[1])
        _, boards = drawn(30, vendors=VENDORS, seed=3, apart=True)
        assert all(any(never_meet(*pair) for pair in neighbours(board)) or board.moved for board in boards)
