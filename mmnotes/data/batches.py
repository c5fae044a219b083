"""Captions as rows of numbers, ready for a model that reads or writes them."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mmnotes.data.emoji import Concept
from mmnotes.data.words import word_ids


def caption_ids(concept: Concept) -> tuple[list[int], list[int]]:
    """The numbers of the words of a concept's English label, and of those words of its tags that the label lacks."""
    label = word_ids(concept.en.label)
    tags = word_ids(" ".join(concept.en.tags))
    return label, [word for word in dict.fromkeys(tags) if word not in label]


def padded(
    rows: Sequence[Sequence[int]], *, start: int, end: int
) -> tuple[Int[Tensor, "batch tokens"], Bool[Tensor, "batch tokens"]]:
    """Every row between a start and an end, filled up with ends to the length of the longest; and what is no filling.

    Shapes: ids (batch, tokens) and padding_mask (batch, tokens), True up to and with the first end.
    """
    most = 2 + max(map(len, rows))
    ids = torch.tensor([[start, *row, *[end] * (most - 1 - len(row))] for row in rows])
    padding_mask = torch.arange(most) < torch.tensor([[len(row) + 2] for row in rows])
    return ids, padding_mask
