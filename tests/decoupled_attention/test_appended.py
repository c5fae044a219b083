"""One softmax over text and image: the equation, its mixture, its knob, and that it starts as two would."""

import pytest
import torch
from torch import nn

from mmnotes.decoupled_attention import decoupled_, image_share
from mmnotes.decoupled_attention.appended import AppendedAttention, appended_
from mmnotes.layers.attention import Attention
from mmnotes.layers.unet import UNet


def layer(*, heads: int = 1) -> AppendedAttention:
    torch.manual_seed(0)
    made = AppendedAttention(Attention(dim=6, heads=heads, context_dim=5)).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.3)
    return made


def inputs() -> tuple[torch.Tensor, ...]:
    """x, text, image."""
    random = torch.Generator().manual_seed(1)
    return tuple(torch.randn(2, *shape, generator=random).double() for shape in ((7, 6), (3, 5), (4, 5)))


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_is_the_equation_in_loops_with_the_odds_of_the_image_multiplied(scale):
    made, (x, text, image) = layer(heads=2), inputs()
    made.scale = scale
    query, read = made.text.query(x)[0], torch.zeros(7, 6).double()
    keys, values = (
        torch.cat([of_text(text), of_image(image)], 1)[0]
        for of_text, of_image in ((made.text.key, made.key), (made.text.value, made.value))
    )
    for head in (slice(0, 3), slice(3, 6)):
        for row in range(7):
            raised = torch.exp(keys[:, head] @ query[row, head] / 3**0.5)
            raised = raised * torch.tensor([1.0] * 3 + [scale] * 4, dtype=torch.float64)
            read[row, head] = raised / raised.sum() @ values[:, head]
    torch.testing.assert_close(made(x, text, image)[0], made.text.output(read), rtol=0, atol=1e-12)


def test_it_reads_a_mixture_with_the_share_of_the_image():
    made, (x, text, image) = layer(), inputs()
    query = made.text.query(x)
    scores = [query @ key.mT / 6**0.5 for key in (made.text.key(text), made.key(image))]
    share, values = image_share(*scores)[..., None], (made.text.value(text), made.value(image))
    parts = [weights.softmax(-1) @ value for weights, value in zip(scores, values, strict=True)]
    expected = made.text.output((1 - share) * parts[0] + share * parts[1])
    torch.testing.assert_close(made(x, text, image), expected, rtol=0, atol=1e-12)


def test_at_scale_zero_and_without_an_image_the_text_is_read_alone():
    made, (x, text, image) = layer(), inputs()
    assert torch.equal(made(x, text), made.text(x, text))
    made.scale = 0.0
    assert torch.equal(made(x, text, image), made.text(x, text))


def test_a_large_scale_leaves_the_image_alone():
    made, (x, text, image) = layer(), inputs()
    made.scale = 1e12
    alone = made(x, text, image)
    torch.testing.assert_close(made(x, -3 * text, image), alone, rtol=0, atol=1e-8)
    assert (made(x, text, -image) - alone).abs().max() > 0.01


def test_untrained_it_is_the_frozen_attention_with_a_longer_text():
    """Up to the biases, which the text's keys and values have and an image's do not."""
    torch.manual_seed(0)
    made, (x, text, image) = AppendedAttention(Attention(dim=6, heads=2, context_dim=5)).double(), inputs()
    for each in (made.text.key, made.text.value):
        nn.init.zeros_(each.bias)
    expected = made.text(x, torch.cat([text, image], 1))
    torch.testing.assert_close(made(x, text, image), expected, rtol=0, atol=1e-12)


def test_bad_inputs_are_named():
    made, (x, text, image) = layer(), inputs()
    with pytest.raises(ValueError, match="image must have at least one token, got 0"):
        made(x, text, image[:, :0])
    made.scale = -1.0
    with pytest.raises(ValueError, match=r"scale must be at least 0, got -1\.0"):
        made(x, text, image)


def test_a_network_gets_as_many_and_freezes_the_rest():
    network, other = (UNet(channels=3, widths=(8, 16), text_dim=5, text_tokens=2, dim=6, heads=2) for _ in range(2))
    layers = appended_(network)
    assert len(layers) == len(decoupled_(other)) and all(type(each) is AppendedAttention for each in layers)
    learns = {name.split(".")[-2] for name, each in network.named_parameters() if each.requires_grad}
    assert learns == {"key", "value"}
    with pytest.raises(ValueError, match="must not read an image yet"):
        appended_(network)
