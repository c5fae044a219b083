"""Exercises of the chapter on block-sparse attention."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.block_sparse_attention.blocks import to_blocks
from mmnotes.block_sparse_attention.ring import merged
from mmnotes.page.exercises import Exercise

_FILM = torch.arange(96.0, dtype=torch.float64)[:, None] * torch.tensor([1.0, 100.0], dtype=torch.float64)
_WAVES = torch.sin(torch.arange(60.0, dtype=torch.float64) ** 1.4)


def _blocks(x: Tensor, grid: tuple[int, int, int], block: tuple[int, int, int]) -> Tensor:
    return to_blocks(x[None, None], grid=grid, block=block)[0, 0]


def _blocks_mistakes(x: Tensor, grid: tuple[int, int, int], block: tuple[int, int, int]) -> dict[str, Any]:
    right = _blocks(x, grid, block)
    split = x.reshape(
        grid[0] // block[0], block[0], grid[1] // block[1], block[1], grid[2] // block[2], block[2], x.shape[1]
    )
    return {
        "Those are tokens that follow one another in the row: pieces of lines, no boxes.": x.reshape(right.shape),
        "The blocks are right, their order is not: time is outermost, then rows, then columns.": (
            split.permute(4, 2, 0, 1, 3, 5, 6).reshape(right.shape)
        ),
        "Inside a block the order is time, then rows, then columns as well.": (
            split.permute(0, 2, 4, 5, 3, 1, 6).reshape(right.shape)
        ),
        "Block number and place inside it have changed sides: blocks come first.": right.transpose(0, 1),
    }


def _count(frames: int, height: int, width: int, sparsity: float) -> int:
    blocks = (1 + (frames - 1) // 4) // 4 * (height // 64) * (width // 64)
    return int((1 - sparsity) * blocks)


def _count_mistakes(frames: int, height: int, width: int, sparsity: float) -> dict[str, Any]:
    latents, area = 1 + (frames - 1) // 4, (height // 16) * (width // 16)
    tokens = latents * area
    return {
        "That is how many tokens are read; the question is for blocks of 64.": int((1 - sparsity) * tokens),
        "That is what is left out; a sparsity of 0.9375 leaves a sixteenth.": int(sparsity * (tokens // 64)),
        "The autoencoder halves each side three times, and the patches of 2 x 2 once more: 16 pixels a token.": (
            int((1 - sparsity) * (latents // 4) * area // 4)
        ),
        "Four frames share a latent frame.": int((1 - sparsity) * (frames // 4) * (height // 64) * (width // 64)),
        "That is how many blocks there are.": tokens // 64,
    }


def _share(density: float, inside: int) -> float:
    return density + 1 / (2 * inside**2)


def _share_mistakes(density: float, inside: int) -> dict[str, Any]:
    return {
        "The products of the means cost something too.": density,
        "There are N / n means on both sides, so their products are a share of 1 / n², not 1 / n.": (
            density + 1 / (2 * inside)
        ),
        "Dense attention makes two products, scores and weighted values; the means take part in one.": (
            density + 1 / inside**2
        ),
        "That is how many times cheaper it is.": 1 / _share(density, inside),
    }


def _merged(read: Tensor, logarithm: Tensor, other: Tensor, other_logarithm: Tensor) -> Tensor:
    return merged(read, logarithm, other, other_logarithm)[0]


def _merged_mistakes(read: Tensor, logarithm: Tensor, other: Tensor, other_logarithm: Tensor) -> dict[str, Any]:
    one, two = logarithm[:, None], other_logarithm[:, None]
    total = torch.logaddexp(one, two)
    return {
        "Each part is divided by its own sum already; added up, the weights make two.": read + other,
        "A mean of both: the part with more mass counts more.": (read + other) / 2,
        "The logarithms are weights only once they are exponentials.": (one * read + two * other) / (one + two),
        "The shares have changed sides.": (two - total).exp() * read + (one - total).exp() * other,
    }


def _left(theta: float, extent: int) -> float:
    return abs(math.sin(extent * theta / 2) / (extent * math.sin(theta / 2)))


def _left_mistakes(theta: float, extent: int) -> dict[str, Any]:
    return {
        "That is the length of the sum; the mean is shorter by the number of tokens.": extent * _left(theta, extent),
        "That is for one token more than there are.": _left(theta, extent + 1),
        "The half angles are missing: the chord of an angle is 2 sin(θ / 2).": _left(2 * theta, extent),
        "That is the mean square of the two; the length is not squared.": _left(theta, extent) ** 2,
    }


EXERCISES = {
    "block_sparse_attention-1": Exercise(
        solution=_blocks,
        mistakes=_blocks_mistakes,
        inputs=((_FILM, (4, 4, 6), (2, 2, 3)), (_FILM[:48], (2, 4, 6), (2, 2, 3))),
    ),
    "block_sparse_attention-2": Exercise(
        solution=_count, mistakes=_count_mistakes, inputs=((93, 768, 1280, 0.9375), (189, 704, 1280, 0.875))
    ),
    "block_sparse_attention-3": Exercise(
        solution=_share, mistakes=_share_mistakes, inputs=((0.0625, 8), (0.125, 27)), tolerance=1e-6
    ),
    "block_sparse_attention-4": Exercise(
        solution=_merged,
        mistakes=_merged_mistakes,
        inputs=(
            (_WAVES[:15].view(5, 3), _WAVES[15:20] + 2, _WAVES[20:35].view(5, 3), _WAVES[35:40] + 3),
            (_WAVES[40:46].view(2, 3), _WAVES[46:48] + 2, _WAVES[48:54].view(2, 3), _WAVES[54:56] + 4),
        ),
    ),
    "block_sparse_attention-5": Exercise(
        solution=_left, mistakes=_left_mistakes, inputs=((1.0, 4), (0.3, 7), (0.05, 32))
    ),
}
