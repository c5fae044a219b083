"""Two pictures in one layer, as plain loops: a softmax for each, or one over both with a scale for what each gives."""

import math

import pytest
import torch
from torch import Tensor, nn

from mmnotes.decoupled_attention import DecoupledAttention
from mmnotes.decoupled_attention.mixed import MixedAttention
from mmnotes.layers.attention import Attention

DIM, CONTEXT, PICTURE = 3, 5, 2  # one head; tokens of a picture


@pytest.fixture
def layer() -> DecoupledAttention:
    torch.manual_seed(0)
    made = DecoupledAttention(Attention(dim=DIM, heads=1, context_dim=CONTEXT)).double()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made


def given() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x, text, and the tokens of two pictures."""
    random = torch.Generator().manual_seed(1)
    return tuple(
        torch.randn(1, n, d, generator=random).double() for n, d in ((4, DIM), (7, CONTEXT), (2, CONTEXT), (2, CONTEXT))
    )


def with_row(first: Tensor, second: Tensor, *, scales: tuple[float, float], shared: float) -> Tensor:
    row = torch.tensor([[[*scales, shared, 0.0, 0.0]]]).double()
    return torch.cat([first, second, row], dim=1)


def reading(query: Tensor, keys: list[Tensor], values: list[Tensor]) -> Tensor:
    raised = [math.exp((query @ key).item() / math.sqrt(DIM)) for key in keys]
    return sum(each / sum(raised) * value for each, value in zip(raised, values, strict=True))


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_the_equation_as_loops(layer, shared):
    x, text, first, second = given()
    scales = (0.7, 1.6)
    found = MixedAttention(layer)(x, text, with_row(first, second, scales=scales, shared=shared))
    for row in range(4):
        query = layer.text.query(x)[0, row]
        read = reading(query, [*layer.text.key(text)[0]], [*layer.text.value(text)[0]])
        keys = [layer.key(each)[0] for each in (first, second)]
        values = [scale * layer.value(each)[0] for scale, each in zip(scales, (first, second), strict=True)]
        if shared:
            read = read + reading(query, [*keys[0], *keys[1]], [*values[0], *values[1]])
        else:
            read = read + sum(reading(query, [*key], [*value]) for key, value in zip(keys, values, strict=True))
        torch.testing.assert_close(found[0, row], layer.text.output(read))


def test_equal_scales_in_one_softmax_are_the_decoupled_layer(layer):
    x, text, first, second = given()
    layer.scale = 1.3
    found = MixedAttention(layer)(x, text, with_row(first, second, scales=(1.3, 1.3), shared=1.0))
    torch.testing.assert_close(found, layer(x, text, torch.cat([first, second], dim=1)))


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_at_scale_0_it_is_the_frozen_layer(layer, shared):
    x, text, first, second = given()
    found = MixedAttention(layer)(x, text, with_row(first, second, scales=(0.0, 0.0), shared=shared))
    torch.testing.assert_close(found, layer.text(x, text))
