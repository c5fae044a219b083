"""Flow matching, zero convolutions, decoupled attention, and the U-Net and generator that they share."""

from functools import partial

import torch
from torch import Tensor, nn

from mmnotes.decoupled_attention import (
    AppendedAttention,
    DecoupledAttention,
    ImageProjection,
    ImagePrompt,
    Resampler,
    ResamplerBlock,
    decoupled_,
    image_share,
    with_image,
)
from mmnotes.flow import (
    euler,
    flow_loss,
    guided,
    guided_by,
    guided_from_projection,
    heun,
    mixture_velocity,
    on_path,
    shifted,
    time_grid,
)
from mmnotes.layers.attention import Attention
from mmnotes.layers.unet import UNet, steered
from mmnotes.layers.unet_blocks import ResidualBlock, TextBlock, time_embedding
from mmnotes.layers.unet_parts import Decoder, Encoder, Middle, Stage
from mmnotes.models.generator import prompts, to_network, to_pictures
from mmnotes.zero_conv import (
    ControlBranch,
    HintEncoder,
    ZeroTaps,
    controlled,
    edge_f1,
    edge_f1_of_all,
    edge_map,
    guided_in_one_half,
    pixel_descent,
    streamed,
    turned,
)
from tests.traced import Traced, filled, rand

BITS = ("vmap",)  # edges have no slope
UNET = dict(channels=1, text_dim=5, text_tokens=2, dim=4, heads=2)
PART = dict(dim=4, heads=2)
PIXEL = dict(x=0.5, hint=1.0, target=0.3, rate=0.1, steps=3)


def unet(*, widths: tuple[int, ...] = (8,), images: bool = False) -> UNet:
    made = UNet(widths=widths, **UNET)
    if images:
        decoupled_(made)
    return filled(made)


def given(*, side: int = 4) -> tuple[Tensor, ...]:
    """x, t and text for the U-Net."""
    return rand(2, 1, side, side), torch.rand(2, dtype=torch.float64), rand(2, 5)


def inside() -> tuple[Tensor, ...]:
    """What a U-Net's encoder is given."""
    return rand(1, 4, 2, 4), rand(1, 4), rand(1, 2, 4)


def branch(network: UNet) -> ControlBranch:
    return filled(ControlBranch(network, channels=2, widths=(3, 5)))


def steered_and_prompted() -> tuple:
    """Guidance, control and an image prompt at once."""
    network = unet(images=True)
    control = branch(network)

    def drawn(x: Tensor, t: Tensor, text: Tensor, image: Tensor, nothing: Tensor, hint: Tensor) -> Tensor:
        both = with_image(controlled(network, control, hint, scales=[0.5] * 3), image, nothing)
        return guided_by(both, text, network.nothing, scale=2.0)(x, t)

    return drawn, (*given(), rand(2, 3, 4), rand(1, 3, 4), rand(2, 2, 4, 4))


def controlled_alone(*, way=controlled) -> tuple:
    network = unet()
    control = branch(network)

    def drawn(x: Tensor, t: Tensor, text: Tensor, hint: Tensor) -> Tensor:
        return way(network, control, hint, scales=[0.5] * 3)(x, t, text)

    return drawn, (*given(), rand(2, 2, 4, 4))


def bent(x: Tensor, t: Tensor) -> Tensor:
    """A velocity."""
    return x.sin() + t[:, None]


def sampled(sampler) -> tuple:
    return partial(sampler, bent), (rand(3, 2), torch.linspace(1, 0, 4, dtype=torch.float64))


def residual_block() -> nn.Module:
    return filled(ResidualBlock(channels=8, out=8, dim=4))


def text_block() -> nn.Module:
    return filled(TextBlock(channels=8, text_dim=4, heads=2))


def decoder() -> tuple:
    made = filled(Decoder(channels=4, widths=(8, 16), **PART))

    def call(x: Tensor, fine: Tensor, halved: Tensor, coarse: Tensor, condition: Tensor, text: Tensor) -> Tensor:
        return made(x, [fine, fine, halved, coarse], condition, text)

    return call, (rand(1, 16, 1, 1), rand(1, 8, 2, 2), rand(1, 8, 1, 1), rand(1, 16, 1, 1), rand(1, 4), rand(1, 2, 4))


def added(*each: Tensor) -> list[Tensor]:
    return steered(each[:2], each[2:])


def decoupled_layer() -> nn.Module:
    made = filled(DecoupledAttention(Attention(dim=6, heads=2, context_dim=5)))
    made.scale = 0.7
    return made


def text_and_image() -> tuple:
    """Tokens, and what they read from."""
    return rand(2, 3, 6), rand(2, 4, 5), rand(2, 2, 5)


def appended_layer() -> nn.Module:
    made = filled(AppendedAttention(Attention(dim=6, heads=2, context_dim=5)))
    made.scale = 0.7
    return made


def resampler() -> nn.Module:
    return filled(Resampler(image_dim=5, dim=4, heads=2, head_dim=3, depth=2, queries=2, out=3))


def prompt() -> nn.Module:
    return filled(ImagePrompt(ImageProjection(image_dim=5, num_tokens=2, dim=3), []))


def taps() -> tuple:
    made = filled(ZeroTaps(channels=[2, 3]))
    return (lambda *features: made(features)), (rand(2, 2, 2, 2), rand(2, 3, 1, 2))


FLOW = [
    Traced("flow.on_path", lambda: (on_path, (rand(3, 2), rand(3, 2), rand(3)))),
    Traced("flow.flow_loss", lambda: (flow_loss, (rand(3, 2), rand(3, 2), rand(3, 2)))),
    Traced(
        "flow.mixture_velocity",
        lambda: (partial(mixture_velocity, spread=0.3), (rand(3, 2), torch.rand(3).double(), rand(5, 2))),
    ),
    Traced("flow.shifted", lambda: (partial(shifted, shift=3.0), (torch.rand(5).double(),))),
    Traced("flow.time_grid", lambda: (lambda x: x * time_grid(steps=4, shift=3.0, dtype=x.dtype), (rand(3, 5),))),
    Traced("flow.euler", lambda: sampled(euler)),
    Traced("flow.heun", lambda: sampled(heun)),
    Traced("flow.guided", lambda: (partial(guided, scale=3.0), (rand(3, 2), rand(3, 2)))),
    Traced(
        "flow.guided_from_projection", lambda: (partial(guided_from_projection, scale=3.0), (rand(3, 2), rand(3, 2)))
    ),
    Traced(
        "flow.guided_by",
        lambda: (
            lambda x, t, text, none: guided_by(lambda x, t, c: (x * c).sin(), text, none, scale=3.0)(x, t),
            (rand(3, 2), rand(3), rand(3, 2), rand(2)),
        ),
    ),
]

UNET_ENTRIES = [
    # At one pixel a norm under vmap asks PyTorch for the memory's format, which it does not know there.
    Traced("layers.unet.UNet", lambda: (unet(widths=(8, 16), images=True), (*given(side=8), rand(2, 3, 4)))),
    Traced("layers.unet.UNet.inputs", lambda: (unet().inputs, given())),
    Traced("layers.unet.steered", lambda: (added, (rand(2, 3), rand(2, 5), rand(2, 3), rand(2, 5)))),
    Traced("layers.unet_blocks.ResidualBlock", lambda: (residual_block(), (rand(1, 8, 2, 3), rand(1, 4)))),
    Traced("layers.unet_blocks.TextBlock", lambda: (text_block(), (rand(1, 8, 2, 3), rand(1, 2, 4)))),
    Traced(
        "layers.unet_blocks.time_embedding", lambda: (partial(time_embedding, dim=6), (torch.rand(3).double() / 100,))
    ),
    Traced(
        "layers.unet_parts.Stage",
        lambda: (
            filled(Stage(channels=8, out=16, **PART)),
            (rand(1, 8, 2, 2), rand(1, 4), rand(1, 2, 4)),
        ),
    ),
    Traced("layers.unet_parts.Encoder", lambda: (filled(Encoder(channels=4, widths=(8, 16), **PART)), inside())),
    Traced(
        "layers.unet_parts.Middle",
        lambda: (filled(Middle(width=16, **PART)), (rand(1, 16, 2, 2), rand(1, 4), rand(1, 2, 4))),
    ),
    Traced("layers.unet_parts.Decoder", decoder),
    Traced("models.generator.to_network", lambda: (to_network, (torch.rand(2, 3, 2, 2).double(),))),
    Traced("models.generator.to_pictures", lambda: (to_pictures, (0.1 * rand(2, 3, 2, 2),))),
    Traced("models.generator.prompts", lambda: (prompts, (rand(1, 384),))),
]

CONTROL = [
    Traced(
        "zero_conv.HintEncoder",
        lambda: (filled(HintEncoder(channels=2, widths=(3, 5), out=4)), (rand(2, 2, 4, 4),)),
    ),
    Traced("zero_conv.ZeroTaps", taps),
    Traced("zero_conv.ControlBranch", lambda: (branch(unet()), (*inside(), rand(1, 8, 2, 4)))),
    Traced("zero_conv.controlled", controlled_alone),
    Traced("zero_conv.edge_map", lambda: (edge_map, (torch.rand(2, 3, 8, 8),)), BITS),
    Traced("zero_conv.edge_f1", lambda: (edge_f1, (rand(2, 1, 8, 8) > 1, rand(2, 1, 8, 8) > 1)), BITS),
    Traced("zero_conv.edge_f1_of_all", lambda: (edge_f1_of_all, (rand(2, 1, 8, 8) > 1, rand(3, 1, 8, 8) > 1)), BITS),
    Traced(
        "zero_conv.turned",
        lambda: (partial(turned, degrees=30.0), (torch.rand(2, 3, 6, 8).double(),)),
        ("vmap", "jacrev"),
    ),
    Traced("zero_conv.streamed", lambda: controlled_alone(way=streamed)),
    Traced("zero_conv.pixel_descent", lambda: (partial(pixel_descent, **PIXEL), (rand(4),))),
    Traced(
        "zero_conv.guided_in_one_half",
        lambda: (
            lambda x, t, text, none: guided_in_one_half(
                lambda x, t, c: (x * c).sin(), lambda x, t, c: (x + c).cos(), text, none, scale=3.0
            )(x, t),
            (rand(3, 2), rand(3), rand(3, 2), rand(2)),
        ),
    ),
]

IMAGES = [
    Traced("decoupled_attention.DecoupledAttention", lambda: (decoupled_layer(), text_and_image())),
    Traced("decoupled_attention.DecoupledAttention.read", lambda: (decoupled_layer().read, text_and_image())),
    Traced("decoupled_attention.AppendedAttention", lambda: (appended_layer(), text_and_image())),
    Traced("decoupled_attention.AppendedAttention.read", lambda: (appended_layer().read, text_and_image())),
    Traced("decoupled_attention.ImageProjection", lambda: (prompt().projection, (rand(2, 5),))),
    Traced("decoupled_attention.ImagePrompt", lambda: (prompt(), (rand(2, 5),))),
    Traced("decoupled_attention.Resampler", lambda: (resampler(), (rand(2, 3, 5),))),
    Traced(
        "decoupled_attention.ResamplerBlock",
        lambda: (
            filled(ResamplerBlock(dim=4, heads=2, head_dim=3, expansion=2)),
            (rand(2, 3, 4), rand(2, 5, 4)),
        ),
    ),
    Traced("decoupled_attention.image_share", lambda: (image_share, (rand(3, 4), rand(3, 2)))),
    Traced("decoupled_attention.with_image", steered_and_prompted),
]

TRACED = FLOW + UNET_ENTRIES + CONTROL + IMAGES

MADE = "It cannot be traced: it makes a module"
UNTRACED = {
    "layers.unet_blocks.text_alone": MADE,
    "layers.unet_parts.skip_channels": "It cannot be traced: it counts, and takes no tensor.",
    "models.generator.untrained_unet": MADE,
    "models.generator.pretrained_unet": MADE,
    "zero_conv.resolution_weights": "It cannot be traced: it counts, and takes no tensor.",
    "zero_conv.zero_": "It cannot be traced: it changes a module, once, before anything is computed.",
    "decoupled_attention.decoupled_": "It cannot be traced: it changes a module.",
    "decoupled_attention.appended_": "It cannot be traced: it changes a module.",
}
