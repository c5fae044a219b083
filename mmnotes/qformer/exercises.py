"""Exercises of the chapter on the Q-Former."""

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.page.exercises import Exercise
from mmnotes.qformer.masks import itc_mask, itg_mask, itm_mask
from mmnotes.qformer.objectives import itc_similarity

_KEEP = torch.tensor([[True, True, True, True], [True, True, False, False]])
_GENERATOR = torch.Generator().manual_seed(0)
_QUERIES, _TEXTS = torch.randn(3, 5, 7, generator=_GENERATOR), torch.randn(4, 7, generator=_GENERATOR)
_CHAIN = torch.eye(6, dtype=torch.bool) | torch.diag(torch.ones(5), -1).bool()  # each reads itself and the one before


def _cross_attention(layers: int, image_dim: int, *, rest: int = 0) -> int:
    """Query, key, value and output of a number of layers, 768 wide, with their biases, and the norm after them."""
    return layers * (2 * (768 * 768 + 768) + 2 * (image_dim * 768 + 768) + 2 * 768 - rest)


def _reached(mask: Tensor, token: int, depth: int) -> Tensor:
    changed = torch.arange(len(mask)) == token
    for _ in range(depth):
        changed = changed | (mask & changed).any(1)
    return changed


def _without_padding(queries: int, padding_mask: Tensor) -> Tensor:
    return itg_mask(queries=queries, padding_mask=torch.ones_like(padding_mask))


EXERCISES = {
    "qformer-1": Exercise(
        solution=_cross_attention(6, 1408),
        tolerance=1e-9,
        slips={
            "Only every second layer reads the image.": _cross_attention(12, 1408),
            "Keys and values come from the image, which is 1408 wide; queries and outputs are 768 wide.": (
                _cross_attention(6, 768)
            ),
            "The norm after each cross-attention is missing.": _cross_attention(6, 1408, rest=2 * 768),
            "The biases are missing.": _cross_attention(6, 1408, rest=4 * 768),
            "Biases and norms are missing.": _cross_attention(6, 1408, rest=6 * 768),
        },
    ),
    "qformer-2": Exercise(
        solution=math.log(3) - 2 / 3 * math.log(2),
        slips={
            "That is for as many pairs that belong together as pairs that do not; here they are one in three.": (
                math.log(2)
            ),
            "One pair in three belongs together, not one in four.": 2 * math.log(2) - 3 / 4 * math.log(3),
            "In nats, please: the natural logarithm.": (math.log(3) - 2 / 3 * math.log(2)) / math.log(2),
        },
    ),
    "qformer-3": Exercise(
        solution=lambda queries, padding_mask: itg_mask(queries=queries, padding_mask=padding_mask),
        inputs=((3, _KEEP), (1, _KEEP[:1])),
        slips={
            "The queries read the text here and could copy the word that is to be said.": lambda queries, padding_mask: (
                itm_mask(queries=queries, padding_mask=padding_mask)
            ),
            "The text does not read the queries here, so it cannot know the image.": lambda queries, padding_mask: (
                itc_mask(queries=queries, padding_mask=padding_mask)
                & itg_mask(queries=queries, padding_mask=padding_mask)
            ),
            "The queries are causal here too; they have no order, and each reads all of them.": (
                lambda queries, padding_mask: itm_mask(queries=queries, padding_mask=padding_mask).tril()
            ),
            "Padding is read. Its columns should be False.": _without_padding,
        },
    ),
    "qformer-4": Exercise(
        solution=itc_similarity,
        inputs=((_QUERIES, _TEXTS), (_QUERIES[:1] * 3, _TEXTS / 2)),
        slips={
            "That is the mean over the queries; the best one alone counts.": lambda queries, texts: (
                normalize(queries, dim=-1) @ normalize(texts, dim=-1).T
            ).mean(1),
            "These are products, not cosines: divide by both lengths.": lambda queries, texts: (queries @ texts.T).amax(
                1
            ),
            "The text is not divided by its length.": lambda queries, texts: (
                normalize(queries, dim=-1) @ texts.T
            ).amax(1),
            "The maximum runs over the texts; it should run over the queries.": lambda queries, texts: (
                normalize(queries, dim=-1) @ normalize(texts, dim=-1).T
            ).amax(2),
        },
    ),
    "qformer-5": Exercise(
        solution=_reached,
        inputs=(
            (_CHAIN, 1, 3),
            (itg_mask(queries=2, padding_mask=_KEEP)[0], 3, 2),
            (itc_mask(queries=2, padding_mask=_KEEP)[0], 3, 4),
        ),
        slips={
            "That is one layer. What a layer has reached, the next one carries on.": lambda mask, token, depth: (
                _reached(mask, token, 1)
            ),
            "Rows read columns: who reads the token is its column of the mask, not its row.": (
                lambda mask, token, depth: _reached(mask.T, token, depth)
            ),
            "The token itself is changed too.": lambda mask, token, depth: (
                _reached(mask, token, depth) & (torch.arange(len(mask)) != token)
            ),
        },
    ),
}
