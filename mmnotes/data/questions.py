"""Questions about boards with answers of one word, from templates, and the same boards told in words alone."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from mmnotes.data.arrangements import GROUPS, NAMES, STEPS, Board, never_meet

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")
SIDES = {"left of": (0, -1), "right of": (0, 1), "above": (-1, 0), "below": (1, 0)}
TIMES = ("<0.2 seconds>", "<1.2 seconds>")  # of a film's pairs of frames: between 0 and 0.5, between 1 and 1.5
USER, ASSISTANT, VISION, END_OF_VISION, END = "<user>", "<assistant>", "<vision>", "</vision>", "<end>"
PICTURE_KINDS = ("side", "count", "present")
FILM_KINDS = ("first", "moved")

_SPECIAL = (USER, ASSISTANT, VISION, END_OF_VISION, END, *TIMES)
_TEMPLATES = "what is the of left right above below how many are there a ? . , which came first or way did move yes no"
LEXICON = tuple(
    dict.fromkeys((*_SPECIAL, *_TEMPLATES.split(), "drawings", *GROUPS, *NUMBERS, *STEPS, *NAMES))
)  # every word; its place is its number


class Question(NamedTuple):
    """A question of a kind and its answer, one word."""

    kind: str
    words: tuple[str, ...]
    answer: str


def numbers(words: Sequence[str]) -> list[int]:
    """The numbers of words.

    Errors: ValueError for a word that is not in the lexicon, naming it.
    """
    if unknown := [word for word in words if word not in _PLACES]:
        raise ValueError(f"words must be in the lexicon, got {', '.join(unknown)}")
    return [_PLACES[word] for word in words]


_PLACES = {word: place for place, word in enumerate(LEXICON)}


def conversation(pictures: Sequence[Any]) -> list[Any]:
    """What a user shows: a picture, or the pairs of a film's frames behind their times, as lists of numbers of words
    with whatever stands for each picture between them.

    Errors: ValueError unless there is one picture or a pair of them.
    """
    match pictures:
        case [picture]:
            return [numbers((USER, VISION)), picture, numbers((END_OF_VISION,))]
        case [first, second]:
            opened, between = numbers((USER, TIMES[0], VISION)), numbers((END_OF_VISION, TIMES[1], VISION))
            return [opened, first, between, second, numbers((END_OF_VISION,))]
    raise ValueError(f"pictures must be one, or the two pairs of a film's frames, got {len(pictures)}")


def question_about(board: Board, kind: str, *, seed: int) -> Question:
    """A question of this kind about a board, with its answer.

    Of a picture: what is beside a drawing (``side``), how many there are of a group or in all (``count``), whether
    there is one (``present``: one in two). Of a film: which of two came first (``first``), which way one moved
    (``moved``).

    Errors: ValueError for another kind, or for a kind of a film where the board is that of a picture.
    """
    if kind not in _ASKED:
        raise ValueError(f"kind must be one of {', '.join(_ASKED)}, got {kind!r}")
    if kind in FILM_KINDS and board.moved is None:
        raise ValueError(f"kind must be one of {', '.join(PICTURE_KINDS)} for the board of a picture, got {kind!r}")
    words, answer = _ASKED[kind](board, torch.Generator().manual_seed(seed))
    return Question(kind, tuple(words.split()), answer)


def told(board: Board, *, seed: int) -> list[str]:
    """What lies on a board, in words: what there is, row by row, and what is at which side of what, in any order."""
    words = ["there", "are"]
    for cell in sorted(board.names):
        words += ["a", board.names[cell], ","]
    words[-1] = "."
    sides = _sides(board)
    for place in torch.randperm(len(sides), generator=torch.Generator().manual_seed(seed)).tolist():
        side, one, other = sides[place]
        words += [*side.split(), "the", one, "is", "the", other, "."]
    return words


def _sides(board: Board) -> list[tuple[str, str, str]]:
    """All (side, one, other) in which the other lies at that side of the one."""
    found = []
    for (row, column), one in board.names.items():
        for side, (down, right) in SIDES.items():
            if other := board.names.get((row + down, column + right)):
                found.append((side, one, other))
    return found


def _side(board: Board, random: torch.Generator) -> tuple[str, str]:
    """Of two that never meet in training, where there are such neighbours."""
    found = _sides(board)
    sides = [each for each in found if never_meet(*each[1:])] or found
    side, one, other = sides[_below(len(sides), random)]
    return f"what is {side} the {one} ?", other


def _count(board: Board, random: torch.Generator) -> tuple[str, str]:
    what = ("drawings", *GROUPS)[_below(1 + len(GROUPS), random)]
    names = board.names.values()
    counted = len(names) if what == "drawings" else sum(name in GROUPS[what].split() for name in names)
    return f"how many {what} are there ?", NUMBERS[counted]


def _present(board: Board, random: torch.Generator) -> tuple[str, str]:
    there = [*board.names.values()]
    wanted = bool(_below(2, random))
    among = there if wanted else [name for name in NAMES if name not in there]
    return f"is there a {among[_below(len(among), random)]} ?", "yes" if wanted else "no"


def _first(board: Board, random: torch.Generator) -> tuple[str, str]:
    early = [name for name in board.names.values() if name != board.late]
    first = early[_below(len(early), random)]
    one, other = (first, board.late) if _below(2, random) else (board.late, first)
    return f"which came first , the {one} or the {other} ?", first


def _moved(board: Board, random: torch.Generator) -> tuple[str, str]:
    name, way = board.moved or ("", "")
    return f"which way did the {name} move ?", way


def _below(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=random))


_ASKED: dict[str, Callable[[Board, torch.Generator], tuple[str, str]]] = {
    "side": _side,
    "count": _count,
    "present": _present,
    "first": _first,
    "moved": _moved,
}
