"""A text-conditioned U-Net with the anatomy of Stable Diffusion's: encoder, middle, decoder with skips.

Papers: Ronneberger et al., U-Net (2015); Rombach et al., High-resolution image synthesis with latent diffusion models
(2022); Karras et al., Elucidating the design space of diffusion-based generative models (2022), for the scaling of
input and output.

Differs: pictures of 32 x 32 pixels are folded to 16 x 16 instead of passing an autoencoder; the text is one sentence
vector turned into a few tokens; attention only below the first level.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from mmnotes.layers.unet_blocks import time_embedding
from mmnotes.layers.unet_parts import Decoder, Encoder, Middle

FOLD = 2  # pixels a side that become channels
SPREAD = 0.55  # standard deviation of the corpus' pixels, from -1 to 1


class UNet(nn.Module):
    """The velocity of a picture at a time, given a text.

    The network F sees the picture at unit variance, and v = a x + b F, where a x is the best guess that is linear in x
    and b the spread of what such a guess leaves over. So F has a target of unit variance at every time.

    Shapes: x (batch, channels, height, width), t (batch,), text (batch, dim) -> (batch, channels, height, width).
    Units: pixels from -1 to 1; t from 0 (data) to 1 (noise); the velocity is noise - data.
    Errors: ValueError for another number of residuals than the decoder takes.
    Source: Karras et al. 2022, section 5, carried over to the straight path.
    """

    def __init__(
        self, *, channels: int, widths: tuple[int, ...], text_dim: int, text_tokens: int, dim: int, heads: int
    ) -> None:
        super().__init__()
        folded = channels * FOLD**2
        self.text_tokens, self.time_dim, self.widths = text_tokens, widths[0], widths
        self.text_projection = nn.Linear(text_dim, text_tokens * dim)
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
        image: Float[Tensor, "batch images dim"] | None = None,
        residuals: Sequence[Tensor] = (),
    ) -> Float[Tensor, "batch channels height width"]:
        """The velocity, if need be with the tokens of an image prompt and with residuals for what the decoder takes.

        The tokens travel behind those of the text, to layers that expect them; ``steered`` adds the residuals.
        """
        folded, condition, tokens = self.inputs(x, t, text)
        if image is not None:
            tokens = torch.cat([tokens, image], dim=1)
        skips = self.encoder(folded, condition, tokens)
        middle = self.middle(skips[-1], condition, tokens)
        if residuals:
            *skips, middle = steered([*skips, middle], residuals)
        found = pixel_shuffle(self.decoder(middle, skips, condition, tokens), FOLD)
        noise, data = t[:, None, None, None], 1 - t[:, None, None, None]
        variance = _variance(t)
        return (noise - data * SPREAD**2) / variance * x + SPREAD / variance.sqrt() * found

    def inputs(
        self,
        x: Float[Tensor, "batch channels height width"],
        t: Float[Tensor, "batch"],
        text: Float[Tensor, "batch text_dim"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What the encoder is given: the folded picture at unit variance, the vector of time and text, the tokens."""
        folded = pixel_unshuffle(x / _variance(t).sqrt(), FOLD)
        condition = self.of_time(time_embedding(t, dim=self.time_dim)) + self.of_text(text)
        return folded, condition, self.text_projection(text).unflatten(1, (self.text_tokens, -1))


def steered(taken: Sequence[Tensor], residuals: Sequence[Tensor]) -> list[Tensor]:
    """What the decoder takes, the skips and then the middle, each with its residual added.

    Shapes: both lists the same, one (batch, channels, height, width) for each skip and one for the middle.
    Errors: ValueError for lists of unlike length.
    Source: Zhang et al., Adding conditional control to text-to-image diffusion models (2023), section 3.2; diffusers'
    ``down_block_additional_residuals`` and ``mid_block_additional_residual``.
    """
    if len(taken) != len(residuals):
        raise ValueError(f"residuals: one for each skip and one for the middle, {len(taken)}; got {len(residuals)}")
    return [own + more for own, more in zip(taken, residuals, strict=True)]


def _variance(t: Tensor) -> Tensor:
    """The variance of a pixel at time t."""
    return t[:, None, None, None].square() + ((1 - t[:, None, None, None]) * SPREAD).square()
