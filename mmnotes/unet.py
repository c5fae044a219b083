"""A text-conditioned U-Net with the anatomy of Stable Diffusion's: encoder, middle, decoder with skips.

Papers: Ronneberger et al., U-Net (2015); Rombach et al., High-resolution image synthesis with latent diffusion models
(2022); Karras et al., Elucidating the design space of diffusion-based generative models (2022), for the scaling of
input and output.

Differs: pictures of 32 x 32 pixels are folded to 16 x 16 instead of passing an autoencoder; the text is one sentence
vector turned into a few tokens; attention only below the first level.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle, silu

from mmnotes.unet_blocks import GROUPS, ResidualBlock, TextBlock, time_embedding

FOLD = 2  # pixels a side that become channels
SPREAD = 0.55  # standard deviation of the corpus' pixels, from -1 to 1
BLOCKS = 1  # residual blocks of a level of the encoder; the decoder has one more


class Stage(nn.Module):
    """A residual block, and a text block where the level has attention.

    Shapes: x (batch, channels, height, width) -> (batch, out, height, width).
    Source: diffusers' CrossAttnDownBlock2D, one layer of it.
    """

    def __init__(self, *, channels: int, out: int, dim: int, heads: int | None) -> None:
        super().__init__()
        self.residual = ResidualBlock(channels=channels, out=out, dim=dim)
        self.text = TextBlock(channels=out, text_dim=dim, heads=heads) if heads else None

    def forward(self, x: Tensor, condition: Tensor, text: Tensor) -> Tensor:
        """The stage's output."""
        x = self.residual(x, condition)
        return self.text(x, text) if self.text else x


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

    def forward(self, x: Tensor, condition: Tensor, text: Tensor) -> list[Tensor]:
        """All skips; the last one is the encoder's output."""
        skips = [self.first(x)]
        for level, stages in enumerate(self.levels):
            for stage in cast(nn.ModuleList, stages):
                skips.append(stage(skips[-1], condition, text))
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

    def forward(self, x: Tensor, condition: Tensor, text: Tensor) -> Tensor:
        """The middle's output."""
        output: Tensor = self.second(self.first(x, condition, text), condition, text)
        return output


class Decoder(nn.Module):
    """Takes the skips back, coarsest first; each stage reads one.

    Shapes: x (batch, channels, height, width) and the encoder's skips -> (batch, out, height, width).
    Source: the up blocks of diffusers' UNet2DConditionModel.
    """

    def __init__(self, *, channels: int, widths: tuple[int, ...], dim: int, heads: int) -> None:
        super().__init__()
        # What the encoder hands over, finest first, as it makes them.
        skips = [widths[0]]
        for level, width in enumerate(widths):
            skips += [width] * BLOCKS + ([width] if level < len(widths) - 1 else [])
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

    def forward(self, x: Tensor, skips: list[Tensor], condition: Tensor, text: Tensor) -> Tensor:
        """The picture that the skips and the middle's output add up to."""
        rest = list(skips)
        for level, stages in enumerate(self.levels):
            for stage in cast(nn.ModuleList, stages):
                x = stage(torch.cat([x, rest.pop()], dim=1), condition, text)
            if level < len(self.doublings):
                x = self.doublings[level](interpolate(x, scale_factor=2.0))
        output: Tensor = self.last(silu(self.norm(x)))
        return output


class UNet(nn.Module):
    """The velocity of a picture at a time, given a text.

    The network F sees the picture at unit variance, and v = a x + b F, where a x is the best guess that is linear in x
    and b the spread of what such a guess leaves over. So F has a target of unit variance at every time.

    Shapes: x (batch, channels, height, width), t (batch,), text (batch, dim) -> (batch, channels, height, width).
    Units: pixels from -1 to 1; t from 0 (data) to 1 (noise); the velocity is noise - data.
    Source: Karras et al. 2022, section 5, carried over to the straight path.
    """

    def __init__(
        self, *, channels: int, widths: tuple[int, ...], text_dim: int, text_tokens: int, dim: int, heads: int
    ) -> None:
        super().__init__()
        folded = channels * FOLD**2
        self.text_tokens, self.time_dim = text_tokens, widths[0]
        self.tokens = nn.Linear(text_dim, text_tokens * dim)
        self.nothing = nn.Parameter(torch.zeros(text_dim))  # stands for no text
        self.of_time = nn.Sequential(nn.Linear(self.time_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.of_text = nn.Linear(text_dim, dim)
        self.encoder = Encoder(channels=folded, widths=widths, dim=dim, heads=heads)
        self.middle = Middle(width=widths[-1], dim=dim, heads=heads)
        self.decoder = Decoder(channels=folded, widths=widths, dim=dim, heads=heads)

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        t: Float[Tensor, "batch"],
        text: Float[Tensor, "batch text_dim"],
    ) -> Float[Tensor, "batch channels height width"]:
        """The velocity."""
        noise, data = t[:, None, None, None], 1 - t[:, None, None, None]
        variance = noise.square() + (data * SPREAD).square()
        linear = (noise - data * SPREAD**2) / variance
        condition = self.of_time(time_embedding(t, dim=self.time_dim)) + self.of_text(text)
        tokens = self.tokens(text).unflatten(1, (self.text_tokens, -1))
        skips = self.encoder(pixel_unshuffle(x / variance.sqrt(), FOLD), condition, tokens)
        middle = self.middle(skips[-1], condition, tokens)
        found = pixel_shuffle(self.decoder(middle, skips, condition, tokens), FOLD)
        return linear * x + SPREAD / variance.sqrt() * found
