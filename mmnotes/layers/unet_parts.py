"""The three parts of a text-conditioned U-Net: an encoder that hands over skips, a middle, a decoder that takes them.

Paper: Rombach et al., High-resolution image synthesis with latent diffusion models (2022).
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from mmnotes.layers.unet_blocks import GROUPS, ResidualBlock, TextBlock

BLOCKS = 1  # residual blocks of a level of the encoder; the decoder has one more


class Stage(nn.Module):
    """A residual block, and a text block where the level has attention: where ``heads`` is a number.

    Shapes: x (batch, channels, height, width) -> (batch, out, height, width).
    Errors: as ``TextBlock``; without attention an image is left out, as the text is.
    Source: diffusers' CrossAttnDownBlock2D, one layer of it.
    """

    def __init__(self, *, channels: int, out: int, dim: int, heads: int | None) -> None:
        super().__init__()
        self.residual = ResidualBlock(channels=channels, out=out, dim=dim)
        self.text = None if heads is None else TextBlock(channels=out, text_dim=dim, heads=heads)

    def forward(self, x: Tensor, condition: Tensor, text: Tensor, image: Tensor | None = None) -> Tensor:
        """The residual block knows time and text from the condition, the text block reads the tokens."""
        x = self.residual(x, condition)
        return x if self.text is None else self.text(x, text, image)


class Encoder(nn.Module):
    """The half that a control branch copies: what it returns are the skips, finest first.

    Shapes: x (batch, channels, height, width) -> one tensor for the first convolution, each stage and each halving.
    Source: the down blocks of diffusers' UNet2DConditionModel.
    """

    def __init__(self, *, channels: int, widths: tuple[int, ...], dim: int, heads: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.levels, self.halvings = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            before = widths[max(level - 1, 0)]
            sizes = [before] + [width] * (BLOCKS - 1)
            own = heads if level else None
            self.levels.append(nn.ModuleList(Stage(channels=size, out=width, dim=dim, heads=own) for size in sizes))
            if level < len(widths) - 1:
                self.halvings.append(nn.Conv2d(width, width, 3, stride=2, padding=1))

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        text: Tensor,
        image: Tensor | None = None,
        *,
        hint: Tensor | None = None,
    ) -> list[Tensor]:
        """All skips; the last one is the encoder's output. A hint is added to what the
        first convolution makes.
        """
        skips = [self.first(x) if hint is None else self.first(x) + hint]
        for level, stages in enumerate(self.levels):
            for stage in cast(nn.ModuleList, stages):
                skips.append(stage(skips[-1], condition, text, image))
            if level < len(self.halvings):
                skips.append(self.halvings[level](skips[-1]))
        return skips


class Middle(nn.Module):
    """Two residual blocks around a text block, at the coarsest grid.

    Shapes: x (batch, channels, height, width) -> the same.
    Source: diffusers' UNetMidBlock2DCrossAttn.
    """

    def __init__(self, *, width: int, dim: int, heads: int) -> None:
        super().__init__()
        self.first = Stage(channels=width, out=width, dim=dim, heads=heads)
        self.second = Stage(channels=width, out=width, dim=dim, heads=None)

    def forward(self, x: Tensor, condition: Tensor, text: Tensor, image: Tensor | None = None) -> Tensor:
        """What the decoder starts from."""
        output: Tensor = self.second(self.first(x, condition, text, image), condition, text)
        return output


class Decoder(nn.Module):
    """Takes the skips back, coarsest first; each stage reads one.

    Shapes: x (batch, channels, height, width) and the encoder's skips -> (batch, out, height, width).
    Source: the up blocks of diffusers' UNet2DConditionModel.
    """

    def __init__(self, *, channels: int, widths: tuple[int, ...], dim: int, heads: int) -> None:
        super().__init__()
        skips = skip_channels(widths)
        self.levels, self.doublings = nn.ModuleList(), nn.ModuleList()
        size = widths[-1]
        for level in reversed(range(len(widths))):
            stages = nn.ModuleList()
            for _ in range(BLOCKS + 1):
                stages.append(
                    Stage(channels=size + skips.pop(), out=widths[level], dim=dim, heads=heads if level else None)
                )
                size = widths[level]
            self.levels.append(stages)
            if level:
                self.doublings.append(nn.Conv2d(size, size, 3, padding=1))
        self.norm, self.last = nn.GroupNorm(GROUPS, size), nn.Conv2d(size, channels, 3, padding=1)

    def forward(
        self, x: Tensor, skips: list[Tensor], condition: Tensor, text: Tensor, image: Tensor | None = None
    ) -> Tensor:
        """The picture that the skips and the middle's output add up to."""
        rest = list(skips)
        for level, stages in enumerate(self.levels):
            for stage in cast(nn.ModuleList, stages):
                x = stage(torch.cat([x, rest.pop()], dim=1), condition, text, image)
            if level < len(self.doublings):
                x = self.doublings[level](interpolate(x, scale_factor=2.0))
        output: Tensor = self.last(silu(self.norm(x)))
        return output


def skip_channels(widths: Sequence[int]) -> list[int]:
    """Channels of each skip that an encoder of these widths hands over, finest first.

    It cannot be traced: it counts, and takes no tensor.

    Shapes: -> one number for the first convolution, each stage and each halving.
    Source: as ``Encoder``.
    """
    channels = [widths[0]]
    for level, width in enumerate(widths):
        channels += [width] * BLOCKS + ([width] if level < len(widths) - 1 else [])
    return channels
