"""The U-Net: shapes, what its skips are, who gets a gradient, and that text and time are used."""

import pytest
import torch
from torch import nn

from mmnotes.decoupled_attention import DecoupledAttention, decoupled_
from mmnotes.layers.attention import Attention
from mmnotes.layers.unet import SPREAD, UNet, steered
from mmnotes.layers.unet_blocks import ResidualBlock, TextBlock, text_alone, time_embedding


def tiny(*, seed: int = 0, widths: tuple[int, ...] = (8, 16, 24)) -> UNet:
    torch.manual_seed(seed)
    network = UNet(channels=3, widths=widths, text_dim=11, text_tokens=5, dim=14, heads=2)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network


def inputs(*, batch: int = 2, height: int = 24, width: int = 40) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(batch, 3, height, width, generator=generator),
        torch.rand(batch, generator=generator),
        torch.randn(batch, 11, generator=generator),
    )


@pytest.mark.parametrize("widths", [(8, 16, 24), (16, 8), (8, 8, 16, 16)])
def test_the_velocity_has_the_shape_of_the_picture(widths):
    x, t, text = inputs(batch=3, height=48, width=32)
    assert tiny(widths=widths)(x, t, text).shape == x.shape


def test_the_encoder_hands_over_one_skip_for_each_convolution_stage_and_halving():
    network = tiny()
    shapes: list[tuple[int, ...]] = []
    network.encoder.register_forward_hook(lambda *call: shapes.extend(tuple(skip.shape[1:]) for skip in call[2]))
    network(*inputs())
    assert shapes == [(8, 12, 20), (8, 12, 20), (8, 6, 10), (16, 6, 10), (16, 3, 5), (24, 3, 5)]


def test_every_parameter_gets_a_gradient():
    network = tiny()
    x, t, _ = inputs()
    network(x, t, network.nothing.expand(2, -1)).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_text_time_and_picture_each_change_the_velocity():
    network, (x, t, text) = tiny(), inputs()
    velocity = network(x, t, text)
    for changed in ((x, t, text.flip(0)), (x, t.flip(0), text), (x.flip(0), t, text)):
        assert (network(*changed) - velocity).abs().max() > 1e-3


def test_samples_do_not_see_each_other():
    network, (x, t, text) = tiny(), inputs(batch=3)
    alone = network(x[1:2], t[1:2], text[1:2])
    torch.testing.assert_close(network(x, t, text)[1:2], alone, rtol=0, atol=1e-4)


def test_a_silent_network_gives_the_best_linear_guess():
    """With F = 0 the velocity is a x, and a minimises the error over data of the corpus' spread."""
    network = tiny()
    nn.init.zeros_(network.decoder.last.weight)
    nn.init.zeros_(network.decoder.last.bias)
    generator = torch.Generator().manual_seed(0)
    data = SPREAD * torch.randn(64, 3, 32, 32, generator=generator)
    noise = torch.randn(data.shape, generator=generator)
    for time in (0.1, 0.5, 0.9):
        t = torch.full((64,), time)
        x = (1 - time) * data + time * noise
        with torch.no_grad():
            velocity = network(x, t, torch.zeros(64, 11))
        best = ((noise - data) * x).sum() / x.square().sum()
        torch.testing.assert_close(velocity, best * x, rtol=0, atol=0.03)
        left = (noise - data - velocity).std().item()
        assert abs(left - SPREAD / (time**2 + ((1 - time) * SPREAD) ** 2) ** 0.5) < 0.01, "b is what is left over"


def test_the_residual_block_starts_from_its_input():
    block = ResidualBlock(channels=8, out=8, dim=5)
    nn.init.zeros_(block.conv_out.weight)
    nn.init.zeros_(block.conv_out.bias)
    x = torch.randn(2, 8, 3, 7)
    assert torch.equal(block(x, torch.randn(2, 5)), x)


def test_the_text_block_reads_rows_and_columns_in_their_order():
    torch.manual_seed(0)
    block = TextBlock(channels=8, text_dim=5, heads=2)
    x, text = torch.randn(1, 8, 3, 7), torch.randn(1, 4, 5)
    turned = block(x.flip(3), text)
    torch.testing.assert_close(block(x, text).flip(3), turned, rtol=0, atol=1e-5)
    assert block(x, text).shape == x.shape


def test_time_embedding_is_sines_and_cosines():
    found = time_embedding(torch.tensor([0.0, 0.002], dtype=torch.float64), dim=4)
    expected = torch.tensor([[1, 1, 0, 0], [-0.4161468, 0.9998, 0.9092974, 0.0199987]], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_time_embedding_is_exact_for_a_time_that_half_precision_holds(dtype):
    """Angles made in bfloat16 would be off by up to 2 radians."""
    t = torch.linspace(0, 1, 200).to(dtype)
    found, exact = time_embedding(t, dim=32), time_embedding(t.double(), dim=32)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=torch.finfo(dtype).eps)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-5), (torch.bfloat16, 0.05), (torch.float16, 0.01)])
def test_a_network_of_another_dtype_takes_times_in_float32(dtype, close):
    network, (x, t, text) = tiny(), inputs()
    expected = network(x, t, text)
    told = []
    network.of_time.register_forward_pre_hook(lambda _, given: told.append(given[0]))
    found = network.to(dtype)(x.to(dtype), t, text.to(dtype))
    assert found.dtype == dtype
    exact = time_embedding(t.to(torch.promote_types(dtype, torch.float32)), dim=8)
    assert torch.equal(told[0], exact.to(dtype)), "the time itself is not rounded"
    assert (found - expected).norm() < close * expected.norm()
    rounded = network(x.to(dtype), t.to(dtype), text.to(dtype))
    assert rounded.dtype == dtype and rounded.isfinite().all()


def test_text_alone_is_a_copy_that_reads_no_image():
    network, (x, t, text) = tiny(), inputs()
    decoupled_(network)
    copied = text_alone(network.encoder)
    kinds = [
        {type(block.cross_attention) for block in part.modules() if isinstance(block, TextBlock)}
        for part in (network.encoder, copied)
    ]
    assert kinds == [{DecoupledAttention}, {Attention}]
    given = network.inputs(x, t, text)
    for own, other in zip(network.encoder(*given), copied(*given), strict=True):
        assert torch.equal(own, other)
    assert copied.first.weight.data_ptr() != network.encoder.first.weight.data_ptr()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (dict(x=torch.zeros(2, 3, 34, 34)), "x must have a height and width that are multiples of 8, got 34 x 34"),
        (dict(x=torch.zeros(2, 3, 32, 36)), "x must have a height and width that are multiples of 8, got 32 x 36"),
        (dict(x=torch.zeros(2, 3, 0, 32)), "x must have a height and width that are multiples of 8, got 0 x 32"),
        (dict(x=torch.zeros(2, 1, 32, 32)), "x must have 3 channels, got 1"),
        (dict(text=torch.zeros(2, 12)), "text must have 11 entries, got 12"),
        (dict(image=torch.zeros(2, 4, 14)), "image must be None: no layer of this network reads an image's tokens"),
        (dict(residuals=[torch.zeros(2, 8, 12, 20)]), "residuals: one for each skip and one for the middle, 7; got 1"),
    ],
)
def test_what_the_network_was_not_built_for_is_told(changed, message):
    x, t, text = inputs()
    with pytest.raises(ValueError, match=message):
        tiny()(**(dict(x=x, t=t, text=text) | changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (dict(heads=0), "heads must divide dim = 16, got 0"),
        (dict(heads=5), "heads must divide dim = 16, got 5"),
        (dict(widths=()), r"widths must be one or more multiples of 8, got \(\)"),
        (dict(widths=(8, 20)), r"widths must be one or more multiples of 8, got \(8, 20\)"),
        (dict(text_tokens=0), "text_tokens must be at least 1, got 0"),
    ],
)
def test_a_network_that_cannot_be_built_is_told(changed, message):
    sizes = dict(channels=3, widths=(8, 16, 24), text_dim=11, text_tokens=5, dim=14, heads=2)
    with pytest.raises(ValueError, match=message):
        UNet(**(sizes | changed))


def test_a_residual_has_the_shape_of_what_it_is_added_to():
    taken = [torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 2, 2)]
    with pytest.raises(ValueError, match=r"residuals\[1\] must be \(2, 5, 2, 2\), got \(1, 5, 2, 2\)"):
        steered(taken, [taken[0], taken[1][:1]])


@pytest.mark.parametrize("dim", [0, 5])
def test_an_embedding_has_pairs(dim):
    with pytest.raises(ValueError, match=f"dim must be even and at least 2, got {dim}"):
        time_embedding(torch.zeros(3), dim=dim)
