"""Grouped queries: the loops, two limits, the length of a query, what a token may read, bad inputs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from mmnotes.layers.attention import causal_mask
from mmnotes.qwen3_vl import GroupedAttention
from mmnotes.qwen3_vl.grouped_attention import repeated, weights_of

# The same examples in every run, on any machine; how long one takes is no property.
repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=30)


def attention(*, dim=7, heads=6, key_heads=3, d=4):
    random, made = torch.Generator().manual_seed(0), GroupedAttention(dim=dim, heads=heads, key_heads=key_heads, d=d)
    for value in made.parameters():
        value.data = torch.randn(value.shape, generator=random, dtype=torch.float64) * 0.5
    return made.double().requires_grad_(False)


def told(*, batch=2, tokens=5, dim=7, planes=2):
    random = torch.Generator().manual_seed(1)
    x, angle = (torch.randn(batch, tokens, size, generator=random, dtype=torch.float64) for size in (dim, planes))
    return x, angle.cos(), angle.sin(), causal_mask(num_tokens=tokens, device=x.device)


def test_shapes():
    made = attention()
    x, cos, sin, mask = told()
    query, key = made.turned(x, cos, sin)
    assert query.shape == (2, 6, 5, 4) and key.shape == (2, 3, 5, 4)
    assert made(x, cos, sin, mask).shape == (2, 5, 7)
    assert made.weights(x, cos, sin, mask).shape == (2, 6, 5, 5)
    assert repeated(key, heads=6).shape == (2, 6, 5, 4)


def normed(vector, gain):
    size = math.sqrt(sum(entry**2 for entry in vector) / len(vector) + 1e-6)
    return [g * entry / size for g, entry in zip(gain, vector, strict=True)]


def turned(vector, cos, sin):
    half = len(vector) // 2
    first = [vector[j] * cos[j] - vector[j + half] * sin[j] for j in range(half)]
    return first + [vector[j + half] * cos[j] + vector[j] * sin[j] for j in range(half)]


def test_the_layer_is_the_loops():
    made = attention()
    x, cos, sin, mask = told()
    found = made(x, cos, sin, mask)
    for b in range(2):
        tables = [(cos[b, t].tolist(), sin[b, t].tolist()) for t in range(5)]
        for t in range(5):
            joined = []
            for head in range(6):
                shared = head // 2  # three key heads for six query heads
                rows = slice(4 * head, 4 * head + 4), slice(4 * shared, 4 * shared + 4)
                ask = (made.query.weight[rows[0]] @ x[b, t]).tolist()
                ask = turned(normed(ask, made.query_norm.weight.tolist()), *tables[t])
                scores = []
                for u in range(t + 1):
                    answer = (made.key.weight[rows[1]] @ x[b, u]).tolist()
                    answer = turned(normed(answer, made.key_norm.weight.tolist()), *tables[u])
                    scores.append(math.exp(sum(p * q for p, q in zip(ask, answer, strict=True)) / 2))
                values = [made.value.weight[rows[1]] @ x[b, u] for u in range(t + 1)]
                joined.append(sum(s / sum(scores) * v for s, v in zip(scores, values, strict=True)))
            torch.testing.assert_close(found[b, t], made.output.weight @ torch.cat(joined))


def test_weights_are_what_the_layer_multiplies_values_with():
    made = attention()
    x, cos, sin, mask = told()
    weights = made.weights(x, cos, sin, mask)
    value = made.value(x).view(2, 5, 3, 4).transpose(1, 2)
    read = weights @ repeated(value, heads=6)
    torch.testing.assert_close(made(x, cos, sin, mask), made.output(read.transpose(1, 2).flatten(2)))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 6, 5, dtype=torch.float64))
    assert torch.equal(weights > 0, mask[:, None].expand_as(weights))


def test_a_key_head_each_is_common_attention_and_one_for_all_is_multi_query():
    random = torch.Generator().manual_seed(0)
    query, keys = (torch.randn(1, 6, 5, 4, generator=random) for _ in range(2))
    mask = torch.ones(1, 5, 5, dtype=torch.bool)
    torch.testing.assert_close(weights_of(query, keys, mask), (query @ keys.mT / 2).softmax(-1))
    one = weights_of(query, keys[:, :1], mask)
    torch.testing.assert_close(one, (query @ keys[:, :1].mT / 2).softmax(-1))


def test_neighbouring_query_heads_share_a_key_head():
    key = torch.arange(3.0).view(1, 3, 1, 1).expand(1, 3, 1, 2)
    assert repeated(key, heads=6)[0, :, 0, 0].tolist() == [0, 0, 1, 1, 2, 2]


@repeatable
@given(size=st.floats(1e-2, 1e4), seed=st.integers(0, 99))
def test_the_length_of_x_changes_no_score(size, seed):
    """Normalised, a query says where it points and not how loud it is; a score is at most √d with gains of one."""
    made = GroupedAttention(dim=7, heads=4, key_heads=2, d=6)
    x = torch.randn(1, 3, 7, generator=torch.Generator().manual_seed(seed))
    angle = torch.zeros(1, 3, 3)
    query, key = made.turned(size * x, angle.cos(), angle.sin())
    scores = query @ repeated(key, heads=4).mT / 6**0.5
    assert scores.abs().max() <= 6**0.5 + 1e-4
    if size >= 1:
        expected, _ = made.turned(100 * x, angle.cos(), angle.sin())
        torch.testing.assert_close(query, expected, rtol=1e-3, atol=1e-3)


def test_without_the_norm_scores_grow_with_the_square_of_x():
    made = attention()
    x, cos, sin, mask = told()
    norms, identity = (made.query_norm, made.key_norm), torch.nn.Identity()
    sharp = []
    for each in (norms, (identity, identity)):
        made.query_norm, made.key_norm = each
        sharp.append(made.weights(30 * x, cos, sin, mask)[:, :, 1:].amax(-1).min().item())
    assert sharp[0] < 0.9 < sharp[1]


def test_no_gradient_comes_from_what_is_still_to_be_said():
    made = attention()
    x, cos, sin, mask = told()
    x.requires_grad_()
    (slope,) = torch.autograd.grad(made(x, cos, sin, mask)[:, 2].sum(), x)
    assert slope[:, 3:].abs().max() == 0 and slope[:, :3].abs().amin((0, 2)).min() > 0


def test_bad_sizes():
    for key_heads in (0, 4, 5):
        with pytest.raises(ValueError, match=f"key_heads must divide heads = 6, got {key_heads}"):
            GroupedAttention(dim=7, heads=6, key_heads=key_heads, d=4)
    with pytest.raises(ValueError, match="key_heads must divide heads = 0, got 1"):
        GroupedAttention(dim=7, heads=0, key_heads=1, d=4)
    for d in (0, 3):
        with pytest.raises(ValueError, match=f"d must be even, since planes are turned, got {d}"):
            GroupedAttention(dim=7, heads=6, key_heads=3, d=d)
    x, cos, sin, mask = told()
    with pytest.raises(ValueError, match="cos and sin must have dim / 2 = 2 planes, got 1"):
        attention()(x, cos[..., :1], sin[..., :1], mask)
    with pytest.raises(TypeCheckError, match="'mask'"):
        attention()(x, cos, sin, mask.float())
