"""Exercises of the chapter on continuing a film."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise

_WAVE = torch.sin(torch.arange(3 * 6 * 4, dtype=torch.float64) ** 1.4).view(3, 6, 4)
_CLEAN, _NOISE = _WAVE[0, :2], _WAVE[1, :5]
_TIMES = torch.tensor([1.0, 0.7, 0.2, 0.0], dtype=torch.float64)


def _tokens(frames: int, height: int, width: int) -> int:
    return (1 + (frames - 1) // 4) * (height // 16) * (width // 16)


def _tokens_mistakes(frames: int, height: int, width: int) -> dict[str, Any]:
    latents = 1 + (frames - 1) // 4
    return {
        "The first frame has a latent of its own.": frames / 4 * (height // 16) * (width // 16),
        "A patch divides height and width by 2 once more.": latents * (height // 8) * (width // 8),
        "Four frames share a latent.": frames * (height // 16) * (width // 16),
    }


def _saved(known: int, new: int, steps: int) -> float:
    return steps * (known + new) / (known + steps * new)


def _saved_mistakes(known: int, new: int, steps: int) -> dict[str, Any]:
    return {
        "With the cache the clean frames still pass once.": (known + new) / new,
        "That is the share of the work that is left.": 1 / _saved(known, new, steps),
        "New frames pass in every step too.": steps * (known + new) / (known + new + 1),
    }


def _network(dim: int, ratio: int, multiple: int) -> int:
    width = -(-(2 * dim * ratio // 3) // multiple) * multiple
    return 3 * dim * width


def _network_mistakes(dim: int, ratio: int, multiple: int) -> dict[str, Any]:
    width = -(-(2 * dim * ratio // 3) // multiple) * multiple
    return {
        "With three matrices the width is brought to 2/3.": 3 * dim * dim * ratio,
        "A gated network has three matrices: gate, up and down.": 2 * dim * width,
        "The width is rounded up, not down.": 3 * dim * ((2 * dim * ratio // 3) // multiple * multiple),
    }


def _read(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    scores = (query @ key.T / query.shape[1] ** 0.5).masked_fill(~mask, float("-inf"))
    read: Tensor = scores.softmax(1) @ value
    return read


def _masked(clean: int, tokens: int) -> Tensor:
    first = torch.arange(tokens) < clean
    return ~first[:, None] | first


def _block_causal(query: Tensor, key: Tensor, value: Tensor, clean: int) -> Tensor:
    return _read(query, key, value, _masked(clean, len(query)))


def _block_causal_mistakes(query: Tensor, key: Tensor, value: Tensor, clean: int) -> dict[str, Any]:
    mask, everything = _masked(clean, len(query)), torch.ones(len(query), len(query), dtype=torch.bool)
    return {
        "The clean tokens read the noisy ones here.": _read(query, key, value, everything),
        "Inside a block everyone reads everyone.": _read(query, key, value, everything.tril()),
        "The noisy tokens read the clean ones too.": _read(query, key, value, mask & mask.T),
        "The scores are divided by the root of the width.": (_read(query * query.shape[1] ** 0.5, key, value, mask)),
    }


def _told(clean: Tensor) -> Tensor:
    return clean.mean(0) + 0.3 * clean[-1]


def _velocity(x: Tensor, t: Tensor, kept: Tensor) -> Tensor:
    return x * t[:, None] - kept * torch.arange(1, len(x) + 1, dtype=x.dtype)[:, None]


def _sampled(
    velocity: Callable[..., Tensor], keep: Callable[[Tensor], Tensor], clean: Tensor, noise: Tensor, times: Tensor
) -> Tensor:
    kept, x = keep(clean), noise
    for now, then in pairwise(times):
        x = x + (then - now) * velocity(x, now.expand(len(x)), kept)
    return torch.cat([clean, x])


def _sampled_mistakes(
    velocity: Callable[..., Tensor], keep: Callable[[Tensor], Tensor], clean: Tensor, noise: Tensor, times: Tensor
) -> dict[str, Any]:
    right = _sampled(velocity, keep, clean, noise, times)
    moving, away = noise, noise
    for now, then in pairwise(times):
        moving = moving + (then - now) * velocity(moving, now.expand(len(noise)), keep(torch.cat([clean, moving])))
        away = away + (now - then) * velocity(away, now.expand(len(noise)), keep(clean))
    return {
        "The clean frames are missing from the film.": right[len(clean) :],
        "What is kept comes from the clean frames alone, once, before the first step.": torch.cat([clean, moving]),
        "The step is then - now, which is negative: the velocity points to the noise.": torch.cat([clean, away]),
    }


EXERCISES = {
    "video_continuation-1": Exercise(
        solution=_tokens, mistakes=_tokens_mistakes, inputs=((93, 480, 832), (189, 704, 1280), (13, 256, 256))
    ),
    "video_continuation-2": Exercise(
        solution=_network, mistakes=_network_mistakes, inputs=((4096, 4, 256), (128, 4, 32), (100, 3, 64))
    ),
    "video_continuation-3": Exercise(
        solution=_saved, mistakes=_saved_mistakes, inputs=((4, 20, 50), (10, 2, 8), (1, 11, 16))
    ),
    "video_continuation-4": Exercise(
        solution=_block_causal,
        mistakes=_block_causal_mistakes,
        inputs=((*_WAVE, 2), (*_WAVE, 4), (*_WAVE[:, :5], 1)),
    ),
    "video_continuation-5": Exercise(
        solution=_sampled,
        mistakes=_sampled_mistakes,
        inputs=((_velocity, _told, _CLEAN, _NOISE, _TIMES), (_velocity, _told, _CLEAN[:1], _NOISE[:2], _TIMES[1:])),
    ),
}
