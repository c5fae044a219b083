"""Exercises of the chapter on decoupled cross-attention."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mmnotes.exercises.answers import Exercise

_WAVES = torch.cos(torch.arange(200.0) ** 1.3)
_READ = (
    _WAVES[:15].reshape(3, 5),
    2 * _WAVES[15:35].reshape(4, 5),
    _WAVES[35:55].reshape(4, 5),
    2 * _WAVES[55:65].reshape(2, 5),
    3 * _WAVES[65:75].reshape(2, 5),
)
_STABLE_DIFFUSION = ([320] * 5 + [640] * 5 + [1280] * 6, 768, 1024, 4)
_SMALL = ([64, 80, 80, 80, 80, 64, 64], 96, 256, 4)


def _prompt_size(widths: Sequence[int], context: int, image: int, tokens: int) -> int:
    return 2 * context * sum(widths) + image * tokens * context + tokens * context + 2 * context


def _part(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return torch.softmax(query @ key.T / math.sqrt(query.shape[1]), 1) @ value


def _decoupled(q: Tensor, k: Tensor, v: Tensor, k_image: Tensor, v_image: Tensor, scale: float) -> Tensor:
    return _part(q, k, v) + scale * _part(q, k_image, v_image)


def _raise_to(share: float, text: int, image: int) -> float:
    return math.log(share / (1 - share) * text / image)


def _at(one: Tensor, other: Tensor, a: float, b: float, wanted: float) -> Tensor:
    return one + (wanted - a) / (b - a) * (other - one)


def _resampler_size(image: int, dim: int, inner: int, depth: int, queries: int, out: int) -> int:
    block = 4 * dim * inner + 2 * 4 * dim**2 + 3 * 2 * dim
    return queries * dim + (image + 1) * dim + depth * block + (dim + 1) * out + 2 * out


EXERCISES = {
    "decoupled_attention-1": Exercise(
        solution=_prompt_size,
        inputs=(_STABLE_DIFFUSION, _SMALL),
        tolerance=1e-9,
        slips={
            "Count the values' matrices too, not the keys' alone.": (
                lambda widths, context, image, tokens: (
                    _prompt_size(widths, context, image, tokens) - context * sum(widths)
                )
            ),
            "Queries and outputs are the text's own and stay frozen.": (
                lambda widths, context, image, tokens: (
                    _prompt_size(widths, context, image, tokens) + 2 * sum(width**2 for width in widths)
                )
            ),
            "The new keys and values have no biases.": (
                lambda widths, context, image, tokens: _prompt_size(widths, context, image, tokens) + 2 * sum(widths)
            ),
            "The norm is of one token's width, with a factor and a shift for each entry.": (
                lambda widths, context, image, tokens: (
                    _prompt_size(widths, context, image, tokens) + 2 * context * (tokens - 1)
                )
            ),
            "The projection has a bias, and the tokens a norm.": (
                lambda widths, context, image, tokens: 2 * context * sum(widths) + image * tokens * context
            ),
        },
    ),
    "decoupled_attention-2": Exercise(
        solution=_decoupled,
        inputs=((*_READ, 1.0), (*_READ, 0.3), (*_READ, -0.5)),
        slips={
            "One softmax runs over text and image: the image takes its weight from the text.": (
                lambda q, k, v, k_image, v_image, scale: _part(
                    q, torch.cat([k, k_image]), torch.cat([v, scale * v_image])
                )
            ),
            "The scale belongs to the image; at scale 0 the text must remain.": (
                lambda q, k, v, k_image, v_image, scale: scale * _part(q, k, v) + _part(q, k_image, v_image)
            ),
            "The scores have to be divided by the square root of the width.": (
                lambda q, k, v, k_image, v_image, scale: (
                    torch.softmax(q @ k.T, 1) @ v + scale * torch.softmax(q @ k_image.T, 1) @ v_image
                )
            ),
            "The scale multiplies what is read; within the softmax it would only sharpen.": (
                lambda q, k, v, k_image, v_image, scale: _part(q, k, v) + _part(q, scale * k_image, v_image)
            ),
            "It is a sum, not a mixture: the text keeps its full weight at every scale.": (
                lambda q, k, v, k_image, v_image, scale: (
                    (1 - scale) * _part(q, k, v) + scale * _part(q, k_image, v_image)
                )
            ),
        },
    ),
    "decoupled_attention-3": Exercise(
        solution=_raise_to,
        inputs=((0.5, 77, 4), (0.5, 4, 4), (0.9, 77, 16)),
        slips={
            "That is the factor by which the image's exponentials must grow; the scores grow by its logarithm.": (
                lambda share, text, image: share / (1 - share) * text / image
            ),
            "Turn the ratio around: many text tokens make it harder for the image.": (
                lambda share, text, image: _raise_to(share, image, text)
            ),
            "The wanted share enters as share : (1 - share).": (
                lambda share, text, image: math.log(share * (text + image) / image)
            ),
        },
    ),
    "decoupled_attention-4": Exercise(
        solution=_at,
        inputs=(
            (_READ[0], _READ[1][:3], 0.0, 1.0, 0.5),
            (_READ[0], _READ[1][:3], 0.5, 2.0, 0.0),
            (_READ[1], _READ[2], 1.0, 0.25, 3.0),
        ),
        slips={
            "That is the slope times the wanted scale; start from one of the two outputs.": (
                lambda one, other, a, b, wanted: wanted * (other - one) / (b - a)
            ),
            "Divide by the distance of the two scales.": (
                lambda one, other, a, b, wanted: one + (wanted - a) * (other - one)
            ),
            "Measure the wanted scale from the first one.": (
                lambda one, other, a, b, wanted: one + wanted / (b - a) * (other - one)
            ),
        },
    ),
    "decoupled_attention-5": Exercise(
        solution=_resampler_size,
        inputs=((1280, 768, 768, 4, 16, 768), (64, 64, 48, 2, 4, 96)),
        tolerance=1e-9,
        slips={
            "The queries are parameters too.": (
                lambda image, dim, inner, depth, queries, out: (
                    _resampler_size(image, dim, inner, depth, queries, out) - queries * dim
                )
            ),
            "Keys and values have a matrix each.": (
                lambda image, dim, inner, depth, queries, out: (
                    _resampler_size(image, dim, inner, depth, queries, out) - depth * dim * inner
                )
            ),
            "Attention and feed-forward of a block have no biases.": (
                lambda image, dim, inner, depth, queries, out: (
                    _resampler_size(image, dim, inner, depth, queries, out) + depth * (3 * inner + dim + 5 * dim)
                )
            ),
            "A block has three norms: of the features, of the queries, and before the feed-forward.": (
                lambda image, dim, inner, depth, queries, out: (
                    _resampler_size(image, dim, inner, depth, queries, out) - depth * 2 * dim
                )
            ),
        },
    ),
}
