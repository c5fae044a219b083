"""Many questions about one picture at once: they share its tokens, and none sees another.

The same logits as a conversation for each question, for a fraction of the work.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmnotes.data.arrangements import Board
from mmnotes.data.questions import ASSISTANT, Question, conversation, numbers, question_about
from mmnotes.qwen3_vl import Prompt, Qwen3VL, prompt_of
from mmnotes.qwen3_vl.pretrained import MERGE, PATCH
from mmnotes.vision_tower import Grid, patchify

Change = Callable[[Tensor, list[Tensor]], tuple[Tensor, list[Tensor]]]


class Asked(NamedTuple):
    """Films or pictures as a row of patches with grids; a prompt with a row for each; its mask; and, question by
    question, where the answer is to be said and the number of the right one, both (batch, questions).
    """

    row: Tensor
    grids: list[Grid]
    prompt: Prompt
    mask: Tensor
    where: Tensor
    answers: Tensor


def asked(films: Tensor, questions: Sequence[Sequence[Question]]) -> Asked:
    """As many questions about each of the films (batch, frames, channels, height, width), all of one number of
    frames.
    """
    rows, grids = zip(*(patchify(2 * film - 1, patch=PATCH, merge=MERGE) for film in films), strict=True)
    pairs = [grids[0]._replace(frames=1)] * grids[0].frames
    shown = prompt_of([conversation(pairs)], merge=MERGE)
    start, free, batch = shown.ids.shape[1], int(shown.free), len(films)
    said = [[numbers((*question.words, ASSISTANT)) for question in each] for each in questions]
    longest, each = max(len(words) for texts in said for words in texts), len(said[0])
    ids = torch.tensor([[words + [0] * (longest - len(words)) for words in texts] for texts in said])
    ends = torch.tensor([[len(words) - 1 for words in texts] for texts in said])
    places = (free + torch.arange(longest)).repeat(each).expand(3, -1)
    block = torch.cat([torch.full((start,), -1), torch.arange(each).repeat_interleave(longest)])
    own = (block[:, None] == block) | (block == -1)
    prompt = Prompt(
        ids=torch.cat([shown.ids.expand(batch, -1), ids.flatten(1)], dim=1),
        visual=torch.cat([shown.visual, shown.visual.new_zeros(1, each * longest)], dim=1).expand(batch, -1),
        kept=torch.ones(batch, len(block), dtype=torch.bool),
        position_ids=torch.cat([shown.position_ids[:, 0], places], dim=1)[:, None].expand(-1, batch, -1),
        free=shown.free.expand(batch),
    )
    where = start + longest * torch.arange(each) + ends
    answers = torch.tensor([[*numbers([question.answer for question in each])] for each in questions])
    return Asked(torch.cat(rows), [*grids], prompt, (own & prompt.mask()[0])[None], where, answers)


def on_a_line(given: Asked) -> Asked:
    """The same with one-dimensional positions: each token's is the number of those before it that it may read."""
    places = (given.mask[0].sum(-1) - 1).expand_as(given.prompt.position_ids)
    return given._replace(prompt=given.prompt._replace(position_ids=places))


def as_trained(visual: Tensor, levels: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Where levels are added, and the levels, unchanged."""
    return visual, levels


def logits(model: Qwen3VL, given: Asked, change: Change = as_trained) -> Tensor:
    """The logits of the first word of every answer (batch, questions, words).

    ``change`` may put other levels in place of the tower's, or the same ones elsewhere.
    """
    x, position_ids, _, visual, levels = model.inputs(given.prompt, given.row, given.grids)
    states = model.language(x, position_ids, given.mask, *change(visual, levels))
    found: Tensor = model.head(states[torch.arange(len(states))[:, None], given.where])
    return found


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
