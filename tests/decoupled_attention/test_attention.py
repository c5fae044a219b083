"""Decoupled cross-attention: two softmaxes and a sum, an exact zero, who learns, and the share that mixing takes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mmnotes.decoupled_attention import (
    DecoupledAttention,
    ImageProjection,
    ImagePrompt,
    decoupled_,
    image_share,
    with_image,
)
from mmnotes.flow import guided_by
from mmnotes.layers.attention import Attention, attend
from mmnotes.layers.unet import UNet
from mmnotes.layers.unet_blocks import TextBlock


def layer(*, dim: int = 21, heads: int = 3, context_dim: int = 11) -> DecoupledAttention:
    torch.manual_seed(0)
    made = DecoupledAttention(Attention(dim=dim, heads=heads, context_dim=context_dim)).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.3)
    return made


def inputs(*, batch: int = 2, images: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, text, image."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, 13, 21, generator=generator, dtype=torch.float64)
    tokens = torch.randn(batch, 7 + images, 11, generator=generator, dtype=torch.float64)
    return x, *(each.contiguous() for each in tokens.split([7, images], dim=1))


def tiny_unet() -> UNet:
    torch.manual_seed(0)
    network = UNet(channels=3, widths=(8, 16, 24), text_dim=11, text_tokens=5, dim=14, heads=2)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network


def picture_and_text() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return (
        torch.randn(3, 3, 16, 24, generator=generator),
        torch.rand(3, generator=generator),
        torch.randn(3, 11, generator=generator),
    )


def test_the_projection_gives_normed_tokens_in_order():
    torch.manual_seed(0)
    projection = ImageProjection(image_dim=7, num_tokens=3, dim=5)
    for parameter in projection.parameters():
        nn.init.normal_(parameter, std=0.3)
    features = torch.randn(2, 7)
    tokens = projection(features)
    assert tokens.shape == (2, 3, 5)
    for token in range(3):
        piece = slice(5 * token, 5 * (token + 1))
        flat = features @ projection.linear.weight[piece].T + projection.linear.bias[piece]
        torch.testing.assert_close(tokens[:, token], projection.norm(flat), rtol=0, atol=1e-6)


def test_is_the_equation_in_loops():
    attention = layer(dim=4, heads=2, context_dim=3)
    attention.scale = 0.7
    x, text, image = (torch.randn(1, *shape).double() for shape in ((3, 4), (3, 3), (2, 3)))
    query = attention.text.query(x)[0]
    read = torch.zeros(3, 4).double()
    parts = (
        (1.0, attention.text.key, attention.text.value, text[0]),
        (0.7, attention.key, attention.value, image[0]),
    )
    for weight, to_key, to_value, tokens in parts:
        key, value = to_key(tokens), to_value(tokens)
        for head in (slice(0, 2), slice(2, 4)):
            for row in range(3):
                scores = [math.exp((query[row, head] @ key[j, head]).item() / math.sqrt(2)) for j in range(len(tokens))]
                for j in range(len(tokens)):
                    read[row, head] += weight * scores[j] / sum(scores) * value[j, head]
    torch.testing.assert_close(attention(x, text, image)[0], attention.text.output(read), rtol=0, atol=1e-12)


def test_scale_zero_is_the_text_alone_to_the_bit_and_so_is_no_image():
    """The same operations on the same tensors: no processor can tell them apart, and no image can spoil the text."""
    attention, (x, text, image) = layer(), inputs()
    alone = attention.text(x, text)
    assert torch.equal(attention(x, text), alone)
    attention.scale = 0.0
    assert torch.equal(attention(x, text, image), alone) and torch.equal(attention(x, text, image * torch.inf), alone)


@pytest.mark.parametrize("images", [1, 4, 7, 8, 12])
def test_text_and_image_have_each_their_own_number_of_tokens(images):
    """One token more of the image is one more in its softmax, and none of them is ever read as text."""
    attention, (x, text, image) = layer(), inputs(images=images)
    read = attention(x, text, image) - attention.text(x, text)
    for length in (1, 3, images):
        short = attention(x, text[:, :length], image) - attention.text(x, text[:, :length])
        torch.testing.assert_close(short, read, rtol=0, atol=1e-12)
    torch.testing.assert_close(attention(x, text, image.repeat(1, 2, 1)), attention(x, text, image), rtol=0, atol=1e-12)


def test_the_output_is_affine_in_the_scale():
    attention, given = layer(), inputs()
    found = []
    for attention.scale in (0.0, 1.0, -0.5, 2.5):
        found.append(attention(*given))
    for scale, output in zip((-0.5, 2.5), found[2:], strict=True):
        torch.testing.assert_close(output, found[0] + scale * (found[1] - found[0]), rtol=0, atol=1e-12)
    assert (found[1] - found[0]).abs().max() > 0.1


def test_what_is_read_from_the_text_does_not_depend_on_the_image():
    """The difference between two images is that of their own halves; one softmax over both would couple them."""
    attention, (x, text, image) = layer(), inputs()
    other = 3 * image.flip(0) + 1
    apart = attention(x, text, other) - attention(x, text, image)
    attention.text.value.weight.data.mul_(-2)
    torch.testing.assert_close(attention(x, text, other) - attention(x, text, image), apart, rtol=0, atol=1e-12)


def test_the_new_halves_start_as_copies_and_so_the_layer_is_not_the_old_one():
    text = Attention(dim=6, heads=2, context_dim=5)
    attention = DecoupledAttention(text)
    assert torch.equal(attention.key.weight, text.key.weight) and torch.equal(attention.value.weight, text.value.weight)
    assert attention.key.weight.data_ptr() != text.key.weight.data_ptr()
    x, words, image = torch.randn(2, 7, 6), torch.randn(2, 1, 5), torch.randn(2, 3, 5)
    assert (attention(x, words, image) - text(x, words)).abs().max() > 1e-2


def test_only_tokens_keys_and_values_of_the_image_learn():
    network = tiny_unet()
    layers = decoupled_(network)
    prompt = ImagePrompt(ImageProjection(image_dim=7, num_tokens=3, dim=14), layers)
    x, t, text = picture_and_text()
    network(x, t, text, prompt(torch.randn(3, 7))).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in prompt.parameters())
    new = {id(parameter) for parameter in prompt.parameters()}
    assert all(parameter.grad is None for parameter in network.parameters() if id(parameter) not in new)


def test_every_text_block_is_decoupled_in_the_networks_order_and_nothing_else_moves():
    network = tiny_unet()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    layers = decoupled_(network)
    blocks = [module for module in network.modules() if isinstance(module, TextBlock)]
    assert len(layers) == 7 and all(block.cross_attention is made for block, made in zip(blocks, layers, strict=True))
    assert [made.key.out_features for made in layers] == [16, 24, 24, 24, 24, 16, 16]
    after = network.state_dict()
    for name, value in before.items():
        assert torch.equal(value, after[name.replace("cross_attention.", "cross_attention.text.")]), name


def test_at_scale_zero_the_generator_is_the_old_one_to_the_bit():
    network, (x, t, text) = tiny_unet(), picture_and_text()
    before = network(x, t, text)
    layers = decoupled_(network)
    image = torch.randn(3, 3, 14)
    assert (network(x, t, text, image) - before).abs().max() > 1e-2
    for each in layers:
        each.scale = 0.0
    assert torch.equal(network(x, t, text, image), before)


def test_guidance_gets_the_image_in_one_half_and_nothing_in_the_other():
    network, (x, t, text) = tiny_unet(), picture_and_text()
    decoupled_(network)
    image, nothing = torch.randn(3, 3, 14), torch.randn(1, 3, 14)
    both = network(x, t, text, image), network(x, t, network.nothing.expand(3, -1), nothing.expand(3, -1, -1))
    found = guided_by(with_image(network, image, nothing), text, network.nothing, scale=3.0)(x, t)
    torch.testing.assert_close(found, both[1] + 3 * (both[0] - both[1]), rtol=0, atol=1e-4)


def test_one_softmax_over_both_is_a_mixture_with_the_share_of_the_image():
    attention, (x, text, image) = layer(), inputs()
    query = attention.text.query(x)
    keys = attention.text.key(text), attention.key(image)
    values = attention.text.value(text), attention.value(image)
    joint = attend(query, torch.cat(keys, 1), torch.cat(values, 1), heads=3)
    apart = [attend(query, key, value, heads=3).unflatten(2, (3, 7)) for key, value in zip(keys, values, strict=True)]
    heads = [each.unflatten(2, (3, 7)).transpose(1, 2) for each in (query, *keys)]
    scores = [heads[0] @ each.mT / math.sqrt(7) for each in heads[1:]]
    share = image_share(*scores).transpose(1, 2)[..., None]
    mixed = (1 - share) * apart[0] + share * apart[1]
    torch.testing.assert_close(joint.unflatten(2, (3, 7)), mixed, rtol=0, atol=1e-12)
    assert 0.02 < share.min() < share.max() < 0.95


@given(st.integers(1, 40), st.integers(1, 40), st.floats(-5, 5))
def test_the_share_of_equal_scores_is_the_share_of_the_tokens(text, image, score):
    share = image_share(
        torch.full((text,), score, dtype=torch.float64), torch.full((image,), score, dtype=torch.float64)
    )
    assert math.isclose(share.item(), image / (text + image), rel_tol=1e-9)
    louder = image_share(
        torch.full((text,), score, dtype=torch.float64), torch.full((image,), score + 1.0, dtype=torch.float64)
    )
    assert math.isclose(louder.item(), math.e * image / (text + math.e * image), rel_tol=1e-9)


@pytest.mark.parametrize(("text", "image", "share"), [(77, 4, 0.046), (77, 16, 0.174), (77, 257, 0.770)])
def test_random_keys_dilute_by_their_number(text, image, share):
    """Means over many random queries and keys of unit variance, as measured for the sizes of Stable Diffusion 1.5."""
    generator = torch.Generator().manual_seed(0)
    query, key = torch.randn(40, 64, generator=generator), torch.randn(40, text + image, 64, generator=generator)
    scores = torch.einsum("bd,bnd->bn", query, key) / 8
    found = image_share(scores[:, :text], scores[:, text:]).mean().item()
    assert abs(found - share) < 0.02 and abs(found - image / (text + image)) < 0.02


def test_the_share_is_made_in_float32_and_rounded_once():
    for text, image in ((torch.zeros(257), torch.zeros(4)), (torch.full((9,), 30.0), torch.full((5,), 30.0))):
        exact = image_share(text, image)
        assert image_share(text.bfloat16(), image.bfloat16()) == exact.bfloat16()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_what_is_new_has_dtype_and_device_of_what_it_joins(dtype):
    network = tiny_unet().to(dtype)
    layers = decoupled_(network)
    assert {each.dtype for each in network.parameters()} == {dtype}
    x, t, text = picture_and_text()
    image = torch.randn(3, 4, 14)
    assert network(x.to(dtype), t, text.to(dtype), image.to(dtype)).dtype == dtype
    elsewhere = DecoupledAttention(Attention(dim=6, heads=2, context_dim=5).to("meta"))
    assert elsewhere.key.weight.is_meta and layers[0].key.weight.device == x.device


def test_several_pictures_are_one_image_with_more_tokens():
    network, (x, t, text) = tiny_unet(), picture_and_text()
    layers = decoupled_(network)
    prompt = ImagePrompt(ImageProjection(image_dim=7, num_tokens=4, dim=14), layers)
    one, other = (prompt(torch.randn(3, 7)) for _ in range(2))
    twice = torch.cat([one, one], dim=1)
    torch.testing.assert_close(network(x, t, text, twice), network(x, t, text, one), rtol=0, atol=1e-4)
    both = network(x, t, text, torch.cat([one, other], dim=1))
    for alone in (one, other):
        assert (network(x, t, text, alone) - both).abs().max() > 1e-2
    torch.testing.assert_close(network(x, t, text, torch.cat([other, one], dim=1)), both, rtol=0, atol=1e-4)


def test_an_image_without_tokens_is_refused():
    attention, (x, text, image) = layer(), inputs()
    for attention.scale in (0.0, 1.0):
        with pytest.raises(ValueError, match="image must have at least one token, got 0"):
            attention(x, text, image[:, :0])


def test_a_plain_network_has_no_layer_for_an_image():
    network, (x, t, text) = tiny_unet(), picture_and_text()
    with pytest.raises(ValueError, match="image must be None: no layer of this network reads an image's tokens"):
        network(x, t, text, torch.randn(3, 4, 14))


def test_a_network_is_decoupled_once():
    network = tiny_unet()
    decoupled_(network)
    with pytest.raises(ValueError, match="network must not read an image yet, got 7 of 7 text blocks that do"):
        decoupled_(network)


@pytest.mark.parametrize("count", [0, -1])
def test_a_picture_has_a_token(count):
    with pytest.raises(ValueError, match=f"num_tokens must be at least 1, got {count}"):
        ImageProjection(image_dim=7, num_tokens=count, dim=14)


def test_guidance_needs_both_halves():
    network, (x, t, text) = tiny_unet(), picture_and_text()
    decoupled_(network)
    image = torch.randn(3, 4, 14)
    with pytest.raises(ValueError, match="x must be 6, one for each image and one for each nothing, got 3"):
        with_image(network, image, image[:1])(x, t, text)


def test_a_share_is_of_something():
    with pytest.raises(ValueError, match="text and image must have at least one score, got none"):
        image_share(torch.zeros(3, 0), torch.zeros(3, 0))
    assert image_share(torch.zeros(3, 0), torch.zeros(3, 2)).tolist() == [1, 1, 1]


def test_a_network_without_text_blocks_is_refused():
    with pytest.raises(ValueError, match="network must have text blocks, got none"):
        decoupled_(nn.Linear(2, 3))
