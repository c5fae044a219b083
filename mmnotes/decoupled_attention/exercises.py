"""Exercises of the chapter on decoupled cross-attention."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise

_WAVES = torch.cos(torch.arange(200.0) ** 1.3)
_READ = (
    _WAVES[:15].reshape(3, 5),
    2 * _WAVES[15:35].reshape(4, 5),
    _WAVES[35:55].reshape(4, 5),
    2 * _WAVES[55:65].reshape(2, 5),
    3 * _WAVES[65:75].reshape(2, 5),
)
_OUTPUTS = _WAVES[75:90].reshape(3, 5), _WAVES[90:105].reshape(3, 5)
_PLUS = (1280, 768, 768, 4, 16, 768)
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
            "Count the values' matrices too, not the keys' alone.": lambda w, c, i, m: (
                _prompt_size(w, c, i, m) - c * sum(w)
            ),
            "Queries and outputs are the text's own and stay frozen.": (
                lambda w, c, i, m: _prompt_size(w, c, i, m) + 2 * sum(width**2 for width in w)
            ),
            "The new keys and values have no biases.": lambda w, c, i, m: _prompt_size(w, c, i, m) + 2 * sum(w),
            "The projection has a bias, and the tokens a norm.": lambda w, c, i, m: 2 * c * sum(w) + i * m * c,
        },
    ),
    "decoupled_attention-2": Exercise(
        solution=_decoupled,
        inputs=((*_READ, 1.0), (*_READ, 0.3), (*_READ, -0.5)),
        slips={
            "One softmax runs over text and image: the image takes its weight from the text.": (
                lambda q, k, v, ki, vi, scale: _part(q, torch.cat([k, ki]), torch.cat([v, scale * vi]))
            ),
            "The scale belongs to the image; at scale 0 the text must remain.": (
                lambda q, k, v, ki, vi, scale: scale * _part(q, k, v) + _part(q, ki, vi)
            ),
            "The scores have to be divided by the square root of the width.": (
                lambda q, k, v, ki, vi, scale: _decoupled(q * math.sqrt(q.shape[1]), k, v, ki, vi, scale)
            ),
            "The scale multiplies what is read; within the softmax it would only sharpen.": (
                lambda q, k, v, ki, vi, scale: _part(q, k, v) + _part(q, scale * ki, vi)
            ),
            "It is a sum, not a mixture: the text keeps its full weight at every scale.": (
                lambda q, k, v, ki, vi, scale: (1 - scale) * _part(q, k, v) + scale * _part(q, ki, vi)
            ),
        },
    ),
    "decoupled_attention-3": Exercise(
        solution=_raise_to,
        inputs=((0.5, 77, 4), (0.5, 4, 4), (0.9, 77, 16)),
        slips={
            "That is the factor by which the image's exponentials must grow; the scores grow by its logarithm.": (
                lambda share, text, image: math.exp(_raise_to(share, text, image))
            ),
            "Turn the ratio around: many text tokens make it harder for the image.": lambda s, n, m: _raise_to(s, m, n),
            "The wanted share enters as share : (1 - share).": lambda s, n, m: math.log(s * (n + m) / m),
        },
    ),
    "decoupled_attention-4": Exercise(
        solution=_at,
        inputs=((*_OUTPUTS, 0.0, 1.0, 0.5), (*_OUTPUTS, 0.5, 2.0, 0.0), (*_OUTPUTS, 1.0, 0.25, 3.0)),
        slips={
            "Start from one of the two outputs.": lambda y, z, a, b, c: c * (z - y) / (b - a),
            "Divide by the distance of the two scales.": lambda y, z, a, b, c: y + (c - a) * (z - y),
            "Measure the wanted scale from the first one.": lambda y, z, a, b, c: y + c / (b - a) * (z - y),
        },
    ),
    "decoupled_attention-5": Exercise(
        solution=_resampler_size,
        inputs=(_PLUS, (64, 64, 48, 2, 4, 96)),
        tolerance=1e-9,
        slips={
            "The queries are parameters too.": lambda *sizes: _resampler_size(*sizes) - sizes[4] * sizes[1],
            "Keys and values have a matrix each.": lambda *sizes: _resampler_size(*sizes) - math.prod(sizes[1:4]),
            "A block has three norms.": lambda *sizes: _resampler_size(*sizes) - 2 * sizes[3] * sizes[1],
        },
    ),
}
