"""Many texts about one picture at once: they share its tokens, and none sees another.

The same logits as a conversation for each text, for a fraction of the work.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor

from mmnotes.data.arrangements import Board
from mmnotes.data.questions import ASSISTANT, END, Question, conversation, numbers, question_about, told
from mmnotes.qwen3_vl import Prompt, Qwen3VL, prompt_of
from mmnotes.qwen3_vl.pretrained import MERGE, PATCH
from mmnotes.vision_tower import Grid, patchify

Change = Callable[[Tensor, list[Tensor]], tuple[Tensor, list[Tensor]]]
NONE = -1


class Said(NamedTuple):
    """The numbers of a text's words, and how many of them are given; the others are to be said."""

    words: list[int]
    given: int


class Asked(NamedTuple):
    """Films or pictures as a row of patches with grids, a prompt with a row for each and its mask; for every token the
    word that is to be said after it, or ``NONE``, and which text it belongs to, or ``NONE`` where it is shown.
    """

    row: Tensor
    grids: list[Grid]
    prompt: Prompt
    mask: Tensor
    targets: Tensor
    text: Tensor

    def answers(self) -> Tensor:
        """The words that are to be said, in the order of ``logits``."""
        return self.targets[self.targets != NONE]


def asked(films: Tensor, texts: Sequence[Sequence[Said]]) -> Asked:
    """As many texts about each of the films (batch, frames, channels, height, width), all of one number of frames."""
    rows, grids = zip(*(patchify(2 * film - 1, patch=PATCH, merge=MERGE) for film in films), strict=True)
    pairs = [grids[0]._replace(frames=1)] * grids[0].frames
    shown = prompt_of([conversation(pairs)], merge=MERGE)
    start, free, batch = shown.ids.shape[1], int(shown.free), len(films)
    columns = [*zip(*texts, strict=True)]
    lengths = [max(len(text.words) for text in column) - 1 for column in columns]
    padded = [
        [
            (text.words[:-1] + [0] * (1 + length - len(text.words)), to_say(text, length))
            for text, length in zip(row, lengths, strict=True)
        ]
        for row in texts
    ]
    ids, targets = (torch.tensor([[*chain(*(each[part] for each in row))] for row in padded]) for part in (0, 1))
    places = torch.cat([free + torch.arange(length) for length in lengths]).expand(3, -1)
    block = torch.cat([torch.full((count,), number) for number, count in enumerate((start, *lengths), NONE)])
    prompt = Prompt(
        ids=torch.cat([shown.ids.expand(batch, -1), ids], dim=1),
        visual=torch.cat([shown.visual, shown.visual.new_zeros(1, ids.shape[1])], dim=1).expand(batch, -1),
        kept=torch.ones(batch, len(block), dtype=torch.bool),
        position_ids=torch.cat([shown.position_ids[:, 0], places], dim=1)[:, None].expand(-1, batch, -1),
        free=shown.free.expand(batch),
    )
    own = (block[:, None] == block) | (block == NONE)
    nothing = torch.full((batch, start), NONE)
    mask = (own & prompt.mask()[0])[None]
    return Asked(torch.cat(rows), [*grids], prompt, mask, torch.cat([nothing, targets], dim=1), block)


def to_say(text: Said, length: int) -> list[int]:
    """The word after each of so many tokens of a text, where it is not given."""
    after = [NONE] * (text.given - 1) + text.words[text.given :]
    return after + [NONE] * (length - len(after))


def on_a_line(given: Asked) -> Asked:
    """The same with one-dimensional positions: each token's is the number of those before it that it may read."""
    places = (given.mask[0].sum(-1) - 1).expand_as(given.prompt.position_ids)
    return given._replace(prompt=given.prompt._replace(position_ids=places))


def as_trained(visual: Tensor, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Where levels are added, and the levels, unchanged."""
    return visual, levels


def logits(model: Qwen3VL, given: Asked, change: Change = as_trained) -> Tensor:
    """The logits of every word that is to be said (number, words).

    ``change`` may put other levels in place of the tower's, or the same ones elsewhere.
    """
    x, position_ids, _, visual, levels = model.inputs(given.prompt, given.row, given.grids)
    states = model.language(x, position_ids, given.mask, *change(visual, levels))
    found: Tensor = model.head(states[given.targets != NONE])
    return found


def answer_to(question: Question) -> Said:
    """A question, after which its answer is to be said."""
    words = numbers([*question.words, ASSISTANT, question.answer])
    return Said(words, len(words) - 1)


def caption_of(board: Board, *, random: torch.Generator) -> Said:
    """What lies on a board, all of which is to be said."""
    return Said(numbers([ASSISTANT, *told(board, seed=below(2**62, random)), END]), 1)


def questions_about(
    boards: Sequence[Board], kinds: Sequence[str], *, each: int, random: torch.Generator
) -> list[list[Question]]:
    """So many questions about each board, of kinds left to chance."""
    return [
        [question_about(board, kinds[below(len(kinds), random)], seed=below(2**62, random)) for _ in range(each)]
        for board in boards
    ]


def below(count: int, random: torch.Generator) -> int:
    """A whole number from 0 to below ``count``."""
    return int(torch.randint(count, (), generator=random))
