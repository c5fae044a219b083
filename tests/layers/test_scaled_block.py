"""The layer with scaled branches: against PyTorch's own, at a scale of zero, and step by step."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu

from mmnotes.layers.scaled_block import EPSILON, ScaledBlock
from mmnotes.layers.transformer import PreNormBlock


def stirred_block(scale: float = 1.0) -> ScaledBlock:
    torch.manual_seed(0)
    block = ScaledBlock(dim=6, heads=3, hidden=11, scale=scale).double()
    for name, parameter in block.named_parameters():
        if not name.endswith("_scale"):
            nn.init.normal_(parameter, std=0.3)
    return block


def tokens() -> torch.Tensor:
    return torch.randn(2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_a_scale_of_one_is_the_plain_layer():
    block, plain = stirred_block(), PreNormBlock(dim=6, heads=3, hidden=11, activation=gelu).double()
    plain.attention_norm.eps = plain.mlp_norm.eps = EPSILON
    plain.load_state_dict({name: each for name, each in block.state_dict().items() if not name.endswith("_scale")})
    allowed = torch.ones(1, 5, 5, dtype=torch.bool).tril()
    for mask in (None, allowed):
        torch.testing.assert_close(block(tokens(), mask), plain(tokens(), mask), rtol=0, atol=1e-12)
        both = [each.attention_weights(tokens(), mask) for each in (block, plain)]
        torch.testing.assert_close(*both, rtol=0, atol=1e-12)


@torch.no_grad()
def test_each_channel_of_each_branch_has_a_scale_of_its_own():
    block, x = stirred_block(), tokens()
    plain = block.attention_branch(x), block.mlp_branch(x)
    block.attention_scale.copy_(torch.arange(6))
    block.mlp_scale.copy_(torch.arange(6).flip(0))
    torch.testing.assert_close(block.attention_branch(x), plain[0] * torch.arange(6))
    torch.testing.assert_close(block.mlp_branch(x), plain[1] * torch.arange(6).flip(0))
    after = x + block.attention_branch(x)
    torch.testing.assert_close(block(x), after + block.mlp_branch(after))


@torch.no_grad()
def test_scaled_by_nothing_it_is_the_identity():
    assert torch.equal(stirred_block(0.0)(tokens()), tokens())


def test_heads_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="heads must divide dim = 6, got 4"):
        ScaledBlock(dim=6, heads=4, hidden=11, scale=1.0)
