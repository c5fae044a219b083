"""The pre-norm layer: against PyTorch's own, with the identity in its branches, and where a head does not fit."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu

from mmnotes.layers.transformer import PreNormBlock


def stirred_block(seed: int = 0) -> PreNormBlock:
    torch.manual_seed(seed)
    block = PreNormBlock(dim=6, heads=3, hidden=11, activation=gelu).double()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.3)
    return block


@torch.no_grad()
def test_agrees_with_pytorch_s_layer():
    block = stirred_block()
    theirs = nn.TransformerEncoderLayer(6, 3, 11, 0.0, gelu, batch_first=True, norm_first=True, dtype=torch.float64)
    own = block.attention
    theirs.self_attn.in_proj_weight.copy_(torch.cat([own.query.weight, own.key.weight, own.value.weight]))
    theirs.self_attn.in_proj_bias.copy_(torch.cat([own.query.bias, own.key.bias, own.value.bias]))
    pairs = [(theirs.self_attn.out_proj, own.output), (theirs.linear1, block.up), (theirs.linear2, block.down)]
    for copy, layer in [*pairs, (theirs.norm1, block.attention_norm), (theirs.norm2, block.mlp_norm)]:
        copy.load_state_dict(layer.state_dict())
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    allowed = torch.ones(1, 5, 5, dtype=torch.bool).tril()
    expected = theirs.train()(x, src_mask=~allowed[0])
    torch.testing.assert_close(block(x, allowed), expected, rtol=0, atol=1e-12)


@torch.no_grad()
def test_with_nothing_in_its_branches_it_is_the_identity():
    block, x = stirred_block(), torch.randn(2, 5, 6, dtype=torch.float64)
    for layer in (block.attention.output, block.down):
        nn.init.zeros_(layer.weight), nn.init.zeros_(layer.bias)
    assert torch.equal(block(x), x)


@torch.no_grad()
def test_the_activation_is_the_one_that_was_given():
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    one, other = stirred_block(), stirred_block()
    other.activation = torch.relu
    assert not torch.allclose(one(x), other(x))


def test_heads_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="heads must divide dim = 6, got 4"):
        PreNormBlock(dim=6, heads=4, hidden=11, activation=gelu)
