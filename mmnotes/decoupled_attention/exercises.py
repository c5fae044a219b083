"""Exercises of the chapter on decoupled cross-attention."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmnotes.decoupled_attention.building import (
    _PATCHES,
    _PICTURES,
    _QUERIES,
    _TO,
    _attention,
    _masked,
    _masked_mistakes,
    _resampled,
    _resampled_mistakes,
)
from mmnotes.page.exercises import Exercise

_WAVES = torch.cos(torch.arange(200.0) ** 1.3)
_PARTS = _WAVES[:75].split([15, 20, 20, 10, 10])
_READ = tuple(size * part.reshape(-1, 5) for size, part in zip((1, 2, 1, 2, 3), _PARTS, strict=True))
_STABLE_DIFFUSION = ([320] * 5 + [640] * 5 + [1280] * 6, 768, 1024, 4)
_SMALL = ([64, 80, 80, 80, 80, 64, 64], 96, 256, 4)


def _prompt_size(widths: Sequence[int], context: int, image: int, tokens: int) -> int:
    return 2 * context * sum(widths) + image * tokens * context + tokens * context + 2 * context


def _prompt_size_mistakes(widths: Sequence[int], context: int, image: int, tokens: int) -> dict[str, Any]:
    right, pairs = _prompt_size(widths, context, image, tokens), 2 * context * sum(widths)
    return {
        "Count the values' matrices too, not the keys' alone.": right - pairs // 2,
        "Queries and outputs are the text's own and stay frozen.": right + 2 * sum(w**2 for w in widths),
        "The new keys and values have no biases.": right + 2 * sum(widths),
        "The projection has a bias, and the tokens a norm.": right - (tokens + 2) * context,
        "The projection has a bias.": right - tokens * context,
        "The norm of the tokens has a factor and a shift for each entry.": right - 2 * context,
        "The projection from the picture's vector to the tokens learns too.": pairs,
    }


def _decoupled(q: Tensor, k: Tensor, v: Tensor, k_image: Tensor, v_image: Tensor, scale: float) -> Tensor:
    return _attention(q, k, v) + scale * _attention(q, k_image, v_image)


def _decoupled_mistakes(q: Tensor, k: Tensor, v: Tensor, ki: Tensor, vi: Tensor, scale: float) -> dict[str, Any]:
    text, image, keys = _attention(q, k, v), _attention(q, ki, vi), torch.cat([k, ki])
    one_softmax = "One softmax runs over text and image: the image takes its weight from the text."
    return {
        one_softmax: _attention(q, keys, torch.cat([v, scale * vi])),
        "One softmax runs over text and image, and no scale.": _attention(q, keys, torch.cat([v, vi])),
        "The scale belongs to the image; at scale 0 the text must remain.": scale * text + image,
        "Divide the scores by the square root of the width.": _decoupled(q * q.shape[1] ** 0.5, k, v, ki, vi, scale),
        "The scale multiplies what is read; within the softmax it sharpens.": text + _attention(q, scale * ki, vi),
        "It is a sum: the text keeps its full weight at every scale.": (1 - scale) * text + scale * image,
        "The scale is missing.": text + image,
    }


def _raise_by(share: float, text: int, image: int) -> float:
    return math.log(share / (1 - share) * text / image)


def _raise_by_mistakes(share: float, text: int, image: int) -> dict[str, Any]:
    right, factor = _raise_by(share, text, image), share / (1 - share) * text / image
    grows = "That is the factor by which the image's exponentials must grow; the scores grow by its logarithm."
    return {
        grows: factor,
        "Turn the ratio around: many text tokens make it harder for the image.": _raise_by(share, image, text),
        "The wanted share enters as share : (1 - share).": math.log(share * (text + image) / image),
        "That is for equal shares; the wanted one enters as share : (1 - share).": math.log(text / image),
        "The larger the wanted share, the more is to be added.": _raise_by(1 - share, text, image),
        "Softmax has base e: take the natural logarithm.": right / math.log(10),
        "Numbers of tokens count too: more text makes it harder for the image.": math.log(share / (1 - share)),
    }


EXERCISES = {
    "decoupled_attention-1": Exercise(
        solution=_prompt_size, mistakes=_prompt_size_mistakes, inputs=(_STABLE_DIFFUSION, _SMALL)
    ),
    "decoupled_attention-2": Exercise(
        solution=_decoupled, mistakes=_decoupled_mistakes, inputs=((*_READ, 0.3), (*_READ, 1.0), (*_READ, -0.5))
    ),
    "decoupled_attention-3": Exercise(
        solution=_raise_by, mistakes=_raise_by_mistakes, inputs=((0.9, 77, 16), (0.5, 77, 4), (0.5, 4, 4))
    ),
    "decoupled_attention-4": Exercise(
        solution=_masked,
        mistakes=_masked_mistakes,
        inputs=(
            (*_READ[:3], *_PICTURES, torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]), 0.6),
            (*_READ[:3], *_PICTURES, torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.5, 1.0]]), 1.0),
            (*_READ[:3], *_PICTURES, torch.zeros(2, 3), 0.8),
        ),
    ),
    "decoupled_attention-5": Exercise(
        solution=_resampled,
        mistakes=_resampled_mistakes,
        inputs=((_QUERIES, _PATCHES, *_TO), (2 * _QUERIES[:1] + 1, _PATCHES[:3], *_TO)),
    ),
}
