"""A text-conditioned U-Net with the anatomy of Stable Diffusion's: encoder, middle, decoder with skips.

Papers: Ronneberger et al., U-Net (2015); Rombach et al., High-resolution image synthesis with latent diffusion models
(2022); Karras et al., Elucidating the design space of diffusion-based generative models (2022), for the scaling of
input and output.

Differs: pictures of 32 x 32 pixels are folded to 16 x 16 instead of passing an autoencoder; the text is one sentence
vector turned into a few tokens; attention only below the first level.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from mmnotes.unet_blocks import time_embedding
from mmnotes.unet_parts import Decoder, Encoder, Middle

FOLD = 2  # pixels a side that become channels
SPREAD = 0.55  # standard deviation of the corpus' pixels, from -1 to 1


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
        image: Float[Tensor, "batch images dim"] | None = None,
    ) -> Float[Tensor, "batch channels height width"]:
        """The velocity; tokens of an image prompt travel behind those of the text, to layers that expect them."""
        noise, data = t[:, None, None, None], 1 - t[:, None, None, None]
        variance = noise.square() + (data * SPREAD).square()
        linear = (noise - data * SPREAD**2) / variance
        condition = self.of_time(time_embedding(t, dim=self.time_dim)) + self.of_text(text)
        tokens = self.tokens(text).unflatten(1, (self.text_tokens, -1))
        if image is not None:
            tokens = torch.cat([tokens, image], dim=1)
        skips = self.encoder(pixel_unshuffle(x / variance.sqrt(), FOLD), condition, tokens)
        middle = self.middle(skips[-1], condition, tokens)
        found = pixel_shuffle(self.decoder(middle, skips, condition, tokens), FOLD)
        return linear * x + SPREAD / variance.sqrt() * found
