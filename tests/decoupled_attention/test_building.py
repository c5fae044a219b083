"""The exercises that build: the solutions are what the package's layers do."""

import torch
from torch import nn
from torch.nn.functional import layer_norm

from mmnotes.decoupled_attention import DecoupledAttention, ResamplerBlock, building
from mmnotes.layers.attention import Attention


def test_the_resamplers_reading_is_that_of_a_block_with_one_head_and_no_network():
    queries, patches, *to = building._QUERIES, building._PATCHES, *building._TO
    block = ResamplerBlock(dim=6, heads=1, head_dim=4, expansion=1)
    with torch.no_grad():
        block.query.weight.copy_(to[0].T)
        block.key_value.weight.copy_(torch.cat([to[1], to[2]], 1).T)
        block.output.weight.copy_(to[3].T)
        nn.init.zeros_(block.down.weight)
    found = building._resampled(queries, patches, *to)
    torch.testing.assert_close(found, block(queries[None], patches[None])[0], rtol=0, atol=1e-5)
    assert torch.equal(building._norm(queries), layer_norm(queries, (6,)))


def test_one_picture_that_is_seen_everywhere_is_the_decoupled_layer():
    layer = DecoupledAttention(Attention(dim=5, heads=1, context_dim=10)).requires_grad_(False)
    layer.scale = 0.7
    for parameter in layer.parameters():
        parameter.zero_()
    for each in (layer.text.query, layer.text.output):
        each.weight.copy_(torch.eye(5))
    for key, value in ((layer.text.key, layer.text.value), (layer.key, layer.value)):
        key.weight.copy_(torch.eye(10)[:5])
        value.weight.copy_(torch.eye(10)[5:])
    q, k, v, k_images, v_images = (torch.randn(*shape) for shape in ((3, 5), (4, 5), (4, 5), (1, 2, 5), (1, 2, 5)))
    found = building._masked(q, k, v, k_images, v_images, torch.ones(1, 3), 0.7)
    expected = layer(q[None], torch.cat([k, v], 1)[None], torch.cat([k_images, v_images], 2))[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_outside_of_its_mask_a_picture_changes_nothing():
    q, k, v, k_images, v_images = (torch.randn(*shape) for shape in ((3, 5), (4, 5), (4, 5), (2, 2, 5), (2, 2, 5)))
    masks = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    before = building._masked(q, k, v, k_images, v_images, masks, 0.7)
    k_images[0], v_images[0] = 5.0, -3.0
    after = building._masked(q, k, v, k_images, v_images, masks, 0.7)
    assert torch.equal(before[1:], after[1:]) and not torch.allclose(before[0], after[0])
    torch.testing.assert_close(before[2], building._attention(q, k, v)[2], rtol=0, atol=0)
