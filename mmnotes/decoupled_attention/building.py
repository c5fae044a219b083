"""The exercises that build: masks for several pictures, and what a resampler reads; solutions and mistakes."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import layer_norm

_WAVES = torch.cos(torch.arange(200.0) ** 1.3)
_PICTURES = tuple(torch.sin(torch.arange(20.0) ** 1.4 + shift).reshape(2, 2, 5) for shift in (0, 1))
_QUERIES, _PATCHES = 3 * _WAVES[75:87].reshape(2, 6), 1 + 2 * _WAVES[87:111].reshape(4, 6)
_TO = *(_WAVES[at : at + 24].reshape(6, 4) for at in (111, 135, 159)), _WAVES[176:200].reshape(4, 6)


def _attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return torch.softmax(query @ key.T / math.sqrt(query.shape[1]), 1) @ value


def _masked(q: Tensor, k: Tensor, v: Tensor, k_images: Tensor, v_images: Tensor, masks: Tensor, scale: float) -> Tensor:
    found = _attention(q, k, v)
    for key, value, mask in zip(k_images, v_images, masks, strict=True):
        found = found + scale * mask[:, None] * _attention(q, key, value)
    return found


def _masked_mistakes(
    q: Tensor, k: Tensor, v: Tensor, ki: Tensor, vi: Tensor, masks: Tensor, scale: float
) -> dict[str, Any]:
    text, each, inside = _attention(q, k, v), list(zip(ki, vi, masks, strict=True)), masks[:, :, None]
    read, root = torch.stack([_attention(q, key, value) for key, value, _ in each]), q.shape[1] ** 0.5
    at_once = _attention(q, ki.flatten(0, 1), vi.flatten(0, 1))
    scores = [(q @ key.T) * mask[:, None] / root for key, _, mask in each]
    in_scores = sum(torch.softmax(score, 1) @ value for score, (_, value, _) in zip(scores, each, strict=True))
    return {
        "Each picture has a softmax of its own, or a mask could not tell them apart.": text
        + scale * at_once * inside.amax(0),
        "The masks are missing.": text + scale * read.sum(0),
        "A masked score is 0, and a softmax over zeros still reads: mask what was read.": text + scale * in_scores,
        "The text is read inside the masks too.": text * (1 - inside.amax(0)) + scale * (inside * read).sum(0),
        "Where masks overlap the readings add up; nothing is divided.": text
        + scale * (inside * read).sum(0) / inside.sum(0).clamp_min(1),
        "A mask is 1 where its picture is seen.": text + scale * ((1 - inside) * read).sum(0),
        "The scale is missing.": text + (inside * read).sum(0),
        "The scale belongs to the pictures; at scale 0 the text must remain.": scale * text + (inside * read).sum(0),
        "Each mask belongs to one picture.": text + scale * (inside * read.flip(0)).sum(0),
        "Divide the scores by the square root of the width.": _masked(q * root, k, v, ki, vi, masks, scale),
    }


def _norm(vectors: Tensor) -> Tensor:
    return layer_norm(vectors, vectors.shape[-1:])


def _resampled(q: Tensor, u: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor) -> Tensor:
    seen = torch.cat([_norm(u), _norm(q)])
    return q + _attention(_norm(q) @ w_q, seen @ w_k, seen @ w_v) @ w_o


def _resampled_mistakes(q: Tensor, u: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor) -> dict[str, Any]:
    seen, normed = torch.cat([_norm(u), _norm(q)]), _norm(q)
    key, value, right = seen @ w_k, seen @ w_v, _resampled(q, u, w_q, w_k, w_v, w_o)
    patches, raw = _norm(u), torch.cat([_norm(u), q])
    wrong_root = (w_q.shape[1] / q.shape[1]) ** 0.5
    return {
        "The queries read each other too: append them to the patches.": q
        + _attention(normed @ w_q, patches @ w_k, patches @ w_v) @ w_o,
        "What is read is added to the queries.": right - q,
        "It is added to the queries as they came, not to the normed ones.": right - q + normed,
        "Norm the patches.": q + _attention(normed @ w_q, *(torch.cat([u, normed]) @ w for w in (w_k, w_v))) @ w_o,
        "Norm the queries before they ask.": q + _attention(q @ w_q, key, value) @ w_o,
        "The queries are read as normed, too.": q + _attention(normed @ w_q, raw @ w_k, raw @ w_v) @ w_o,
        "The norms are missing.": q + _attention(q @ w_q, *(torch.cat([u, q]) @ w for w in (w_k, w_v))) @ w_o,
        "Divide by the root of the width at which the attention works.": q
        + _attention(normed @ w_q * wrong_root, key, value) @ w_o,
        "Divide the scores by the square root of the width.": q
        + _attention(normed @ w_q * w_q.shape[1] ** 0.5, key, value) @ w_o,
        "Each norm is over one vector, not over all.": q
        + _attention(
            layer_norm(q, q.shape) @ w_q,
            *(torch.cat([layer_norm(u, u.shape), layer_norm(q, q.shape)]) @ w for w in (w_k, w_v)),
        )
        @ w_o,
    }
