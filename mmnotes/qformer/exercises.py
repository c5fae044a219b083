"""Exercises of the chapter on the Q-Former."""

import math
from functools import partial
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
_LOGITS = 3 * torch.randn(6, 6, generator=_GENERATOR)
_IMAGES = [torch.tensor(images) for images in ([4, 4, 7, 9, 9, 9], [0, 1, 0, 2], [0, 1, 2, 3, 4])]


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


def _soft_contrast(logits: Tensor, target: Tensor) -> Tensor:
    return -(target * (logits.log_softmax(1) + logits.log_softmax(0))).sum() / (2 * len(logits))


def _shared_contrast(logits: Tensor, image: Tensor) -> Tensor:
    same = image[:, None] == image
    return _soft_contrast(logits, same / same.sum(1, keepdim=True))


def _shared_contrast_mistakes(logits: Tensor, image: Tensor) -> dict[str, Any]:
    same, own, soft = image[:, None] == image, torch.eye(len(logits)), partial(_soft_contrast, logits)
    right, count = _shared_contrast(logits, image), same.sum(1, keepdim=True)
    rows = -(same / count * logits.log_softmax(1)).sum() / len(logits)
    alone = logits.masked_fill(same & (own == 0), -1e9)
    summed = [(logits.softmax(way) * same).sum(way).log().mean() for way in (0, 1)]
    return {
        "Only the diagonal counts: other captions of the image are still wrong answers.": soft(own),
        "Each row of the targets should sum to one: divide by the number of captions.": soft(1 * same),
        "That leaves the image's other captions out; here they share, as right answers.": _soft_contrast(alone, own),
        "That is the logarithm of a summed probability; average the logarithms.": -sum(summed) / 2,
        "Only the rows are there: every text has to find its image too.": rows,
        "Only the columns are there: every image has to find its text too.": 2 * right - rows,
    }


EXERCISES = {
    "qformer-1": Exercise(
        solution=_cross_attention(6, 1408),
        mistakes={
            "Only every second layer reads the image.": _cross_attention(12, 1408),
            "Keys and values come from the image, and it is 1408 wide.": _cross_attention(6, 768),
            "The norm after each cross-attention is missing.": _cross_attention(6, 1408, rest=2 * 768),
            "The biases are missing.": _cross_attention(6, 1408, rest=4 * 768),
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
        solution=_shared_contrast,
        mistakes=_shared_contrast_mistakes,
        inputs=tuple((_LOGITS[: len(image), : len(image)], image) for image in _IMAGES),
    ),
}
