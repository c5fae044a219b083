"""Exercises of the chapter on Qwen3-VL."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.mrope import Image, Text, position_ids_by_timestamp
from mmnotes.page.exercises import Exercise
from mmnotes.qwen3_vl.feed_forward import routed
from mmnotes.qwen3_vl.grouped_attention import repeated

_LOGITS = torch.cos(torch.arange(24.0, dtype=torch.float64).reshape(4, 6) ** 1.7) * 2
_KEYS = torch.sin(torch.arange(36.0, dtype=torch.float64).reshape(3, 4, 3) ** 1.3)


def _next_id(before: int, rows: int, columns: int, after: int, said: int) -> int:
    _, free = position_ids_by_timestamp([Text(before), Image(rows, columns), Text(after)])
    return free + said


def _next_id_mistakes(before: int, rows: int, columns: int, after: int, said: int) -> dict[str, Any]:
    right, longer = _next_id(before, rows, columns, after, said), max(rows, columns)
    tokens = before + rows * columns + after
    return {
        "This counts tokens: the offset is forgotten. A picture takes fewer positions than tokens.": tokens + said,
        "A picture takes as many positions as its longer side has tokens, not its rows.": right - longer + rows,
        "A picture takes as many positions as its longer side has tokens, not its columns.": right - longer + columns,
        "A picture takes more than one position.": before + 1 + after + said,
        "The word number 0 stands right behind the prompt: count from there.": right + 1,
        "This is the position of the last word of the prompt, or one too early.": right - 1,
        "The words after the picture count as well.": right - after,
    }


def _table(logits: Tensor, top: int) -> Tensor:
    weights, chosen = routed(logits, top=top)
    return torch.zeros_like(logits).scatter(1, chosen, weights)


def _table_mistakes(logits: Tensor, top: int) -> dict[str, Any]:
    probability, chosen = logits.softmax(-1), torch.zeros_like(logits).scatter(1, logits.topk(top).indices, 1.0)
    across = probability.flatten().topk(top * len(logits)).values.min()
    zeros = (logits * chosen).softmax(-1)
    return {
        "The weights of a token should sum to one: divide the largest probabilities by their sum.": probability
        * chosen,
        "This gives every expert its probability; only the largest few count.": probability,
        "These are the experts with the smallest scores.": _table(-logits, top),
        "Chosen experts have unequal weights: their probabilities over their sum.": chosen / top,
        "The softmax runs over the experts of one token, not over the tokens.": logits.softmax(0) * chosen,
        "A logit of zero is not a weight of zero: leave out what was not chosen before the softmax.": zeros,
        "Each token chooses its own experts; here the largest are taken over all tokens together.": probability
        * (probability >= across),
    }


def _shared(key: Tensor, heads: int) -> Tensor:
    return repeated(key[None], heads=heads)[0]


def _shared_mistakes(key: Tensor, heads: int) -> dict[str, Any]:
    each = heads // len(key)
    order = "Neighbouring query heads share a key head: 0 0 1 1 2 2, and not 0 1 2 0 1 2."
    return {
        order: key.repeat(each, 1, 1),
        "The key heads come in reverse order here.": _shared(key.flip(0), heads),
        "All query heads read the first key head here.": key[:1].expand(heads, -1, -1),
    }


def _kept_bytes(layers: int, key_heads: int, d: int, tokens: int) -> int:
    return 2 * 2 * layers * key_heads * d * tokens


def _kept_mistakes(layers: int, key_heads: int, d: int, tokens: int) -> dict[str, Any]:
    right = _kept_bytes(layers, key_heads, d, tokens)
    return {
        "Values are kept as well as keys; or: a number has two bytes.": right // 2,
        "A key and a value for each head, two bytes for each number: 2 · 2, not 1.": right // 4,
        "Two bytes, not four, for a number.": right * 2,
        "Each layer keeps its own.": right // layers,
        "Each key head keeps its own.": right // key_heads,
        "This is for one token.": right // tokens,
    }


def _met(dim: int, heads: int, key_heads: int, d: int, hidden: int, experts: int, top: int) -> int:
    return 2 * dim * d * (heads + key_heads) + 2 * d + experts * dim + 3 * top * dim * hidden + 2 * dim


def _met_mistakes(dim: int, heads: int, key_heads: int, d: int, hidden: int, experts: int, top: int) -> dict[str, Any]:
    right, network = _met(dim, heads, key_heads, d, hidden, experts, top), dim * hidden
    kept = 2 * dim * d * (heads + key_heads)
    return {
        "This counts all experts; a word is sent to a few.": right + 3 * (experts - top) * network,
        "A SwiGLU has three matrices: gate, up, down.": right - top * network,
        "A word meets the whole router: it scores every expert.": right - experts * dim,
        "The router scores all experts, not only those that are chosen.": right - (experts - top) * dim,
        "Queries and outputs have all heads, keys and values only the key heads.": right - kept + 4 * dim * d * heads,
        "The two norms of the layer, of dim weights each, are missing.": right - 2 * dim,
        "The norms of queries and keys, of d weights each and shared by all heads, are missing.": right - 2 * d,
    }


EXERCISES = {
    "qwen3_vl-1": Exercise(
        solution=_next_id,
        mistakes=_next_id_mistakes,
        inputs=((4, 3, 5, 6, 2), (1, 9, 2, 3, 1), (7, 24, 24, 11, 30)),
    ),
    "qwen3_vl-2": Exercise(
        solution=_table, mistakes=_table_mistakes, inputs=((_LOGITS, 2), (_LOGITS[:, :5], 4), (_LOGITS[1:], 3))
    ),
    "qwen3_vl-3": Exercise(solution=_shared, mistakes=_shared_mistakes, inputs=((_KEYS, 6), (_KEYS[:2], 8))),
    "qwen3_vl-4": Exercise(
        solution=_kept_bytes,
        mistakes=_kept_mistakes,
        inputs=((94, 4, 128, 262_144), (28, 8, 128, 1000), (3, 6, 10, 7)),
    ),
    "qwen3_vl-5": Exercise(
        solution=_met,
        mistakes=_met_mistakes,
        inputs=((4096, 64, 4, 128, 1536, 128, 8), (2048, 32, 4, 128, 768, 128, 8), (6, 4, 2, 10, 5, 7, 3)),
    ),
}
