"""Exercises of the chapter on the Q-Former."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.page.exercises import Exercise
from mmnotes.qformer.masks import itc_mask, itg_mask, itm_mask
from mmnotes.qformer.objectives import itc_similarity

_PADDED = torch.tensor([[True, True, True, True], [True, True, False, False]])
_GENERATOR = torch.Generator().manual_seed(0)
_QUERIES, _TEXTS = torch.randn(3, 5, 7, generator=_GENERATOR), torch.randn(4, 7, generator=_GENERATOR)
_CHAIN = torch.eye(6, dtype=torch.bool) | torch.diag(torch.ones(5), -1).bool()  # each reads itself and the one before


def _cross_attention(layers: int, image_dim: int, *, rest: int = 0) -> int:
    """Query, key, value and output of a number of layers, 768 wide, with their biases, and the norm after them."""
    return layers * (2 * (768 * 768 + 768) + 2 * (image_dim * 768 + 768) + 2 * 768 - rest)


def _mask_mistakes(queries: int, padding_mask: Tensor) -> dict[str, Any]:
    right = itg_mask(queries=queries, padding_mask=padding_mask)
    free = itm_mask(queries=queries, padding_mask=padding_mask)
    alone = itc_mask(queries=queries, padding_mask=padding_mask)
    unpadded = itg_mask(queries=queries, padding_mask=torch.ones_like(padding_mask))
    read, text = free[:, 0], torch.arange(right.shape[1]) >= queries
    return {
        "The queries read the text here and could copy the word that is to be said.": free,
        "The text does not read the queries here, so it cannot know the image.": alone & right,
        "The queries are causal here too; they have no order, and each reads all of them.": free.tril(),
        "Padding is read. Its columns should be False.": unpadded,
        "The text reads what comes after it.": torch.where(text[:, None], free, right),
        "True means `may attend`; this mask forbids where it is True, as that of torch's MultiheadAttention.": ~right,
        "It is transposed: rows are those who read, columns those who are read.": right.mT,
        "Rows of padding are masked too; only its columns should be.": right & read[:, :, None],
        "This mask is for adding to scores; True and False are asked for.": torch.zeros(()).where(right, -math.inf),
    }


def _similarity_mistakes(query_features: Tensor, text_features: Tensor) -> dict[str, Any]:
    queries, texts = normalize(query_features, dim=-1), normalize(text_features, dim=-1)
    return {
        "That is the mean over the queries; the best one alone counts.": (queries @ texts.T).mean(1),
        "These are products, not cosines: divide by both lengths.": (query_features @ text_features.T).amax(1),
        "The text is not divided by its length.": (queries @ text_features.T).amax(1),
        "The queries are not divided by their lengths.": (query_features @ texts.T).amax(1),
        "The maximum runs over the texts; it should run over the queries.": (queries @ texts.T).amax(2),
        "The queries are averaged; each is to be compared for itself.": normalize(query_features.mean(1)) @ texts.T,
    }


def _reached(mask: Tensor, token: int, depth: int) -> Tensor:
    changed = torch.arange(len(mask)) == token
    for _ in range(depth):
        changed = changed | (mask & changed).any(1)
    return changed


def _reached_mistakes(mask: Tensor, token: int, depth: int) -> dict[str, Any]:
    right = _reached(mask, token, depth)
    return {
        "That is one layer. What a layer has reached, the next one carries on.": _reached(mask, token, 1),
        "This is one layer short of the depth.": _reached(mask, token, depth - 1),
        "Who reads the token is its column of the mask, not its row.": _reached(mask.T, token, depth),
        "The token itself is changed too.": right & (torch.arange(len(mask)) != token),
    }


EXERCISES = {
    "qformer-1": Exercise(
        solution=_cross_attention(6, 1408),
        mistakes={
            "Only every second layer reads the image.": _cross_attention(12, 1408),
            "Keys and values come from the image, and it is 1408 wide.": _cross_attention(6, 768),
            "The norm after each cross-attention is missing.": _cross_attention(6, 1408, rest=2 * 768),
            "The biases are missing.": _cross_attention(6, 1408, rest=4 * 768),
            "Biases and norms are missing.": _cross_attention(6, 1408, rest=6 * 768),
            "This is one cross-attention; there are six.": _cross_attention(1, 1408),
        },
    ),
    "qformer-2": Exercise(
        solution=math.log(3) - 2 / 3 * math.log(2),
        mistakes={
            "That is for as many pairs that belong together as not; here they are one in three.": math.log(2),
            "One pair in three belongs together, not one in four.": 2 * math.log(2) - 3 / 4 * math.log(3),
            "In nats, please: the natural logarithm.": (math.log(3) - 2 / 3 * math.log(2)) / math.log(2),
            "That is what a right pair costs; two pairs in three are wrong ones.": math.log(3),
            "That is what a wrong pair costs; one pair in three is a right one.": math.log(1.5),
            "That is the right pairs' part of the mean; the wrong ones cost too.": math.log(3) / 3,
        },
    ),
    "qformer-3": Exercise(
        solution=lambda queries, padding_mask: itg_mask(queries=queries, padding_mask=padding_mask),
        mistakes=_mask_mistakes,
        inputs=((3, _PADDED), (1, _PADDED[:1])),
    ),
    "qformer-4": Exercise(
        solution=itc_similarity,
        mistakes=_similarity_mistakes,
        inputs=((_QUERIES, _TEXTS), (_QUERIES[:1] * 3, _TEXTS / 2)),
    ),
    "qformer-5": Exercise(
        solution=_reached,
        mistakes=_reached_mistakes,
        inputs=(
            (_CHAIN, 1, 3),
            (itg_mask(queries=2, padding_mask=_PADDED)[0], 3, 2),
            (itc_mask(queries=2, padding_mask=_PADDED)[0], 3, 4),
        ),
    ),
}
