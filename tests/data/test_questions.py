"""Questions about boards: the answers are true of what lies there, and all words are known."""

import pytest

from mmnotes.data.arrangements import (
    GROUPS,
    NAMES,
    Board,
    films_of_boards,
    never_meet,
    pictures_of_boards,
)
from mmnotes.data.questions import (
    FILM_KINDS,
    LEXICON,
    NUMBERS,
    PICTURE_KINDS,
    SIDES,
    conversation,
    numbers,
    question_about,
    told,
)

VENDORS = ("noto", "fluent")
BOARD = Board({(0, 0): "dog", (0, 1): "egg", (1, 1): "bus", (2, 2): "cat"}, ("dog", "up"), "egg")


def many(kind: str, board: Board = BOARD):
    return {question_about(board, kind, seed=seed) for seed in range(300)}


def test_what_lies_beside_what():
    asked = {(" ".join(question.words), question.answer) for question in many("side")}
    assert asked == {
        ("what is right of the dog ?", "egg"),
        ("what is left of the egg ?", "dog"),
        ("what is below the egg ?", "bus"),
        ("what is above the bus ?", "egg"),
    }


def test_where_two_neighbours_never_meet_in_training_they_are_asked_about():
    _, boards = pictures_of_boards(30, vendors=VENDORS, seed=4, apart=True)
    for board in boards:
        question = question_about(board, "side", seed=0)
        assert never_meet(question.words[-2], question.answer)


def test_counts_by_group_and_in_all():
    counts = {question.words[2]: question.answer for question in many("count")}
    assert counts == {"drawings": "four", "animals": "two", "foods": "one", "things": "one"}


def test_half_of_what_is_asked_for_is_there():
    asked = [question_about(BOARD, "present", seed=seed) for seed in range(400)]
    assert all((question.words[3] in BOARD.names.values()) == (question.answer == "yes") for question in asked)
    assert 0.4 < sum(question.answer == "yes" for question in asked) / len(asked) < 0.6


def test_what_happened_in_a_film():
    assert {question.answer for question in many("moved")} == {"up"}
    for question in many("first"):
        assert "egg" in question.words and question.answer != "egg" and question.answer in question.words


def test_every_board_can_be_asked_every_kind_in_known_words():
    _, boards = pictures_of_boards(40, vendors=VENDORS, seed=1)
    _, of_films = films_of_boards(40, vendors=VENDORS, seed=1)
    for shown, kinds in ((boards, PICTURE_KINDS), (of_films, (*PICTURE_KINDS, *FILM_KINDS))):
        for board in shown:
            for kind in kinds:
                question = question_about(board, kind, seed=7)
                assert len(numbers([*question.words, question.answer])) == len(question.words) + 1
            numbers(told(board, seed=7))


def test_a_board_in_words_says_each_drawing_and_each_side_of_it():
    text = " ".join(told(BOARD, seed=0))
    assert text.startswith("there are a dog , a egg , a bus , a cat . ")
    for truth in ("left of the egg is the dog", "right of the dog is the egg", "above the bus is the egg"):
        assert truth in text
    assert text.count("is the") == 4 and "left of the dog" not in text and "cat is" not in text
    assert len({" ".join(told(BOARD, seed=seed)) for seed in range(9)}) > 5


def test_words_have_one_number_each():
    assert len(set(LEXICON)) == len(LEXICON) and numbers(LEXICON) == [*range(len(LEXICON))]
    assert {*NAMES, *GROUPS, *NUMBERS, *" ".join(SIDES).split()} <= {*LEXICON}


def test_what_a_user_shows():
    one, two = conversation(["PICTURE"]), conversation(["FIRST", "SECOND"])
    assert [LEXICON[word] for word in one[0]] == ["<user>", "<vision>"] and one[1] == "PICTURE"
    assert two[1::2] == ["FIRST", "SECOND"] and LEXICON[two[0][1]] == "<0.2 seconds>"
    assert [LEXICON[word] for word in two[2]] == ["</vision>", "<1.2 seconds>", "<vision>"]


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="words must be in the lexicon, got cathedral"):
        numbers(["the", "cathedral"])
    with pytest.raises(ValueError, match=r"kind must be one of side, .* got 'colour'"):
        question_about(BOARD, "colour", seed=0)
    with pytest.raises(ValueError, match="for the board of a picture, got 'moved'"):
        question_about(Board(BOARD.names), "moved", seed=0)
    with pytest.raises(ValueError, match="pictures must be one, or the two pairs"):
        conversation([])
