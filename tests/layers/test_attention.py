"""Attention against PyTorch's own module and against loops, and what its mask does."""

import math

import pytest
import torch
from torch import nn

from mmnotes.layers.attention import Attention, attend, causal_mask


def random_attention(*, dim: int, heads: int, context_dim: int, seed: int = 0) -> Attention:
    torch.manual_seed(seed)
    attention = Attention(dim=dim, heads=heads, context_dim=context_dim).double()
    for parameter in attention.parameters():
        nn.init.normal_(parameter, std=0.2)
    return attention


def pair(attention: Attention, *, batch: int, tokens: int, context: int) -> tuple[torch.Tensor, torch.Tensor]:
    dim, context_dim = attention.query.in_features, attention.key.in_features
    return torch.randn(batch, tokens, dim).double(), torch.randn(batch, context, context_dim).double()


@pytest.mark.parametrize(("dim", "heads", "context_dim"), [(6, 2, 5), (21, 3, 11), (8, 1, 8)])
def test_agrees_with_pytorch(dim, heads, context_dim):
    ours = random_attention(dim=dim, heads=heads, context_dim=context_dim)
    theirs = nn.MultiheadAttention(dim, heads, kdim=context_dim, vdim=context_dim, batch_first=True).double()
    with torch.no_grad():
        if context_dim == dim:
            theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        else:
            theirs.q_proj_weight.copy_(ours.query.weight)
            theirs.k_proj_weight.copy_(ours.key.weight)
            theirs.v_proj_weight.copy_(ours.value.weight)
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key.bias, ours.value.bias]))
        theirs.out_proj.load_state_dict(ours.output.state_dict())
    x, context = pair(ours, batch=3, tokens=7, context=13)
    mask = torch.rand(7, 13) < 0.6
    mask[:, 0] = True
    expected, weights = theirs(x, context, context, attn_mask=~mask, average_attn_weights=False)
    torch.testing.assert_close(ours(x, context, mask[None]), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours.weights(x, context, mask[None]), weights, rtol=0, atol=1e-12)


def test_is_the_equation_in_loops():
    attention = random_attention(dim=4, heads=2, context_dim=3)
    x, context = pair(attention, batch=1, tokens=2, context=5)
    query, key, value = attention.query(x)[0], attention.key(context)[0], attention.value(context)[0]
    read = torch.zeros(2, 4).double()
    for head in (slice(0, 2), slice(2, 4)):
        for token in range(2):
            scores = [math.exp((query[token, head] @ key[j, head]).item() / math.sqrt(2)) for j in range(5)]
            for j in range(5):
                read[token, head] += scores[j] / sum(scores) * value[j, head]
    torch.testing.assert_close(attention(x, context)[0], attention.output(read), rtol=0, atol=1e-12)


def test_a_masked_column_changes_nothing():
    attention = random_attention(dim=6, heads=3, context_dim=6)
    x, context = pair(attention, batch=2, tokens=5, context=7)
    mask = torch.ones(2, 5, 7, dtype=torch.bool)
    mask[1, :, 4] = False
    changed = context.clone()
    changed[:, 4] += 1
    before, after = attention(x, context, mask), attention(x, changed, mask)
    assert torch.equal(before[1], after[1]) and not torch.allclose(before[0], after[0])
    assert attention.weights(x, context, mask)[1, :, :, 4].eq(0).all()


def test_heads_must_divide_dim():
    with pytest.raises(ValueError, match="heads must divide dim = 6, got 4"):
        Attention(dim=6, heads=4, context_dim=6)
    with pytest.raises(ValueError, match="heads must divide dim = 6, got 0"):
        Attention(dim=6, heads=0, context_dim=6)


def test_under_a_transform_two_products_are_the_fused_one():
    """PyTorch's fused attention has no forward-mode slope; what stands in for it has the same values and mask."""
    query, key, value = (torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(k)).double() for k in range(3))
    mask = causal_mask(num_tokens=5, device=query.device)

    def read(*given):
        return attend(*given, mask, heads=3)

    expected = read(query, key, value)
    assert expected.flatten().unique().numel() == 60
    torch.testing.assert_close(torch.vmap(read)(*(each[:, None] for each in (query, key, value)))[:, 0], expected)
