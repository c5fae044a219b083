"""What each stage of the small model's training learns from, and what it changes.

The order is that of the released models: the tower by contrast with texts, the language model on text alone, then the
mergers that join them, then everything.
"""

from collections.abc import Callable, Sequence

import torch
from einops import reduce
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, logsigmoid, normalize, one_hot

from mmnotes.data.arrangements import NAMES, Board, films_of_boards, pictures_of_boards, pictures_of_drawings
from mmnotes.data.emoji import Vendor
from mmnotes.data.questions import (
    ASSISTANT,
    END,
    FILM_KINDS,
    USER,
    Question,
    numbers,
    told,
)
from mmnotes.qwen3_vl import Qwen3VL
from mmnotes.qwen3_vl.pretrained import DIM, MERGE, PATCH, VISION_DIM
from mmnotes.vision_tower import VisionTower, joined, patchify
from tools.qwen3_vl.asking import NONE, Asked, Said, answer_to, asked, below, caption_of, logits, questions_about

VENDORS: tuple[Vendor, ...] = ("noto", "fluent")
SINGLE, SIDES = 96, (32, 48)  # pictures of one drawing in a step, and their sides in pixels
NAMED = 64  # pictures of one drawing in a step of a model that names it
TOLD = 32  # boards told in words
SMALL, PICTURES, FILMS = 24, 16, 4
ASKED, ASKED_OF_FILMS = 8, 6  # questions about each
KINDS = ("side", "side", "side", "count", "present")  # what lies beside what is asked more often: it is harder
FILM_WEIGHT = 0.3
Loss = Callable[[torch.Generator], Tensor]
Prepared = Callable[[Asked], Asked]


def as_it_is(given: Asked) -> Asked:
    """What is asked, unchanged."""
    return given


def blank(given: Asked) -> Asked:
    """The same questions about a grey board."""
    return given._replace(row=torch.zeros_like(given.row))


class Contrast(nn.Module):
    """A tower and what is thrown away after its stage: a map to the space of names, a vector for each name, a scale
    and a bias.
    """

    def __init__(self, tower: VisionTower) -> None:
        super().__init__()
        self.tower = tower
        self.norm, self.map = nn.LayerNorm(VISION_DIM), nn.Linear(MERGE**2 * VISION_DIM, DIM)
        self.names = nn.Embedding(len(NAMES), DIM)
        self.scale, self.bias = nn.Parameter(torch.tensor(2.3)), nn.Parameter(torch.tensor(-3.0))

    def regions(self, pictures: Tensor, *, cells: int) -> Tensor:
        """The mean of the tokens in each cell of square pictures: (batch, cells, cells, dim)."""
        rows, grids = zip(*(patchify(2 * each - 1, patch=PATCH, merge=MERGE) for each in pictures), strict=True)
        tokens = self.map(joined(self.norm(self.tower(torch.cat(rows), grids)), block=MERGE**2))
        side = grids[0].rows // MERGE
        return reduce(tokens, "(b h i w j) d -> b h w d", "mean", h=cells, w=cells, i=side // cells, j=side // cells)

    def loss(self, regions: Tensor, names: Sequence[str]) -> Tensor:
        """SigLIP's loss between regions (count, dim) and all names, one of which is each region's."""
        cosines = normalize(regions, dim=-1) @ normalize(self.names.weight, dim=-1).T
        found = cosines * self.scale.exp() + self.bias
        right = one_hot(torch.tensor([NAMES.index(name) for name in names]), len(NAMES)).bool()
        return -logsigmoid(torch.where(right, found, -found)).sum(1).mean()


def contrast_loss(model: Contrast) -> Loss:
    """Pictures of one drawing against all names."""

    def loss_of(random: torch.Generator) -> Tensor:
        side = SIDES[below(len(SIDES), random)]
        pictures, names = pictures_of_drawings(SINGLE, side=side, vendors=VENDORS, seed=below(2**62, random))
        return model.loss(model.regions(pictures, cells=1).flatten(0, 2), names)

    return loss_of


def region_loss(model: Contrast) -> Loss:
    """The cells of boards in which something lies against all names: a token is to tell what lies where it is."""

    def loss_of(random: torch.Generator) -> Tensor:
        cells = (2, 3)[below(2, random)]
        count = SMALL if cells == 2 else PICTURES
        pictures, boards = pictures_of_boards(count, cells=cells, vendors=VENDORS, seed=below(2**62, random))
        places = [(number, *cell) for number, board in enumerate(boards) for cell in board.names]
        regions = model.regions(pictures, cells=cells)[tuple(torch.tensor(places).T)]
        return model.loss(regions, [name for board in boards for name in board.names.values()])

    return loss_of


def text_loss(model: Qwen3VL) -> Loss:
    """The next word of boards that are told in words and of questions about them, the answers once more."""

    def loss_of(random: torch.Generator) -> Tensor:
        _, boards = pictures_of_boards(TOLD, vendors=VENDORS, seed=below(2**62, random))
        rows = [told_and_asked(board, random) for board in boards]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        kept = torch.arange(longest) < torch.tensor([[len(row)] for row in rows])
        places = torch.arange(longest).expand(3, len(ids), -1)
        said = model.head(model.language(model.language.words(ids), places))
        each = cross_entropy(said[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
        answer = (ids[:, :-1] == numbers([ASSISTANT])[0]) & kept[:, 1:]
        return each[kept[:, 1:]].mean() + each[answer].mean()

    return loss_of


def told_and_asked(board: Board, random: torch.Generator) -> list[int]:
    """The numbers of a board in words and of three questions about it with their answers."""
    words = told(board, seed=below(2**62, random))
    for question in questions_about([board], KINDS, each=3, random=random)[0]:
        words += [USER, *question.words, ASSISTANT, question.answer, END]
    return numbers(words)


def naming_loss(model: Qwen3VL, prepared: Prepared = as_it_is) -> Loss:
    """What lies on a picture of one drawing, and whether this or that lies there."""

    def loss_of(random: torch.Generator) -> Tensor:
        side = SIDES[below(len(SIDES), random)]
        pictures, names = pictures_of_drawings(NAMED, side=side, vendors=VENDORS, seed=below(2**62, random))
        boards = [Board({(0, 0): name}) for name in names]
        questions = questions_about(boards, ("present",), each=2, random=random)
        given = asked(pictures, captioned(boards, questions, random))
        each = cross_entropy(logits(model, prepared(given)), given.answers(), reduction="none")
        return each.sum() / NAMED

    return loss_of


def small_board_loss(model: Qwen3VL, prepared: Prepared = as_it_is) -> Loss:
    """What lies on boards of two by two cells, in words, and the answers to questions about them."""

    def loss_of(random: torch.Generator) -> Tensor:
        pictures, boards = pictures_of_boards(SMALL, cells=2, vendors=VENDORS, seed=below(2**62, random))
        return about_boards(model, pictures, boards, prepared, random)

    return loss_of


def about_boards(
    model: Qwen3VL, pictures: Tensor, boards: Sequence[Board], prepared: Prepared, random: torch.Generator
) -> Tensor:
    """The mean over all answers about boards, and over all words of their captions."""
    given = asked(pictures, captioned(boards, questions_about(boards, KINDS, each=ASKED, random=random), random))
    each = cross_entropy(logits(model, prepared(given)), given.answers(), reduction="none")
    answer = (given.text > 0).expand_as(given.targets)[given.targets != NONE]
    return each[answer].mean() + each[~answer].mean()


def captioned(
    boards: Sequence[Board], questions: Sequence[Sequence[Question]], random: torch.Generator
) -> list[list[Said]]:
    """Each board's caption, then the questions about it."""
    return [
        [caption_of(board, random=random), *map(answer_to, row)] for board, row in zip(boards, questions, strict=True)
    ]


def answer_loss(model: Qwen3VL, prepared: Prepared = as_it_is) -> Loss:
    """What lies on boards, in words; the answers to questions about them; and, with a smaller weight, those about
    films.
    """

    def loss_of(random: torch.Generator) -> Tensor:
        pictures, boards = pictures_of_boards(PICTURES, vendors=VENDORS, seed=below(2**62, random))
        films, of_films = films_of_boards(FILMS, vendors=VENDORS, seed=below(2**62, random))
        questions = questions_about(of_films, FILM_KINDS, each=ASKED_OF_FILMS, random=random)
        given = asked(films, [[*map(answer_to, row)] for row in questions])
        about_films = cross_entropy(logits(model, prepared(given)), given.answers())
        return about_boards(model, pictures, boards, prepared, random) + FILM_WEIGHT * about_films

    return loss_of
