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

from mmnotes.layers.unet_blocks import GROUPS, time_embedding
from mmnotes.layers.unet_parts import Decoder, Encoder, Middle

FOLD = 2  # pixels a side that become channels
SPREAD = 0.55  # standard deviation of the corpus' pixels, from -1 to 1


class UNet(nn.Module):
    """The velocity of a picture at a time, given a text.

    The network F sees the picture at unit variance, and v = a x + b F, where a x is the best guess that is linear in x
    and b the spread of what such a guess leaves over. So F has a target of unit variance at every time.

    Shapes: x (batch, channels, height, width), t (batch,), text (batch, text_dim) -> (batch, channels, height, width);
    height and width are multiples of FOLD times 2 for each halving.
    Units: pixels from -1 to 1; t from 0 (data) to 1 (noise), in any dtype: what is made of it is made in the dtype of
    x, at least in float32, and rounded at the end; the velocity is noise - data.
    Errors: ValueError for sizes that the network was not built for, for an image where no layer reads one, and for
    another number of residuals than the decoder takes.
    Source: Karras et al. 2022, section 5, carried over to the straight path.
    """

    def __init__(
        self, *, channels: int, widths: tuple[int, ...], text_dim: int, text_tokens: int, dim: int, heads: int
    ) -> None:
        super().__init__()
        if not widths or any(width < 1 or width % GROUPS for width in widths):
            raise ValueError(f"widths must be one or more multiples of {GROUPS}, got {widths}")
        if text_tokens < 1:
            raise ValueError(f"text_tokens must be at least 1, got {text_tokens}")
        folded = channels * FOLD**2
        self.text_tokens, self.time_dim, self.widths, self.channels = text_tokens, widths[0], widths, channels
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
        """The velocity, if need be prompted by an image and steered by residuals.

        An image's tokens go to the layers that read them; ``steered`` adds residuals to
        what the decoder takes.
        """
        folded, condition, tokens = self.inputs(x, t, text)
        skips = self.encoder(folded, condition, tokens, image)
        middle = self.middle(skips[-1], condition, tokens, image)
        if residuals:
            *skips, middle = steered([*skips, middle], residuals)
        found = pixel_shuffle(self.decoder(middle, skips, condition, tokens, image), FOLD)
        noise, variance = _noise_and_variance(t, x)
        guess = (noise - (1 - noise) * SPREAD**2) / variance
        return (guess * x + SPREAD / variance.sqrt() * found).to(x.dtype)

    def inputs(
        self,
        x: Float[Tensor, "batch channels height width"],
        t: Float[Tensor, "batch"],
        text: Float[Tensor, "batch text_dim"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What the encoder is given: the folded picture at unit variance, the vector of
        time and text, the text's tokens."""
        self._check(x, text)
        noise, variance = _noise_and_variance(t, x)
        folded = pixel_unshuffle((x / variance.sqrt()).to(x.dtype), FOLD)
        turns = time_embedding(noise.flatten(), dim=self.time_dim).to(x.dtype)
        tokens = self.text_projection(text).unflatten(1, (self.text_tokens, -1))
        return folded, self.of_time(turns) + self.of_text(text), tokens

    def _check(self, x: Tensor, text: Tensor) -> None:
        (channels, height, width), unit = x.shape[1:], FOLD * 2 ** (len(self.widths) - 1)
        if channels != self.channels:
            raise ValueError(f"x must have {self.channels} channels, got {channels}")
        if height % unit or width % unit or not height * width:
            raise ValueError(f"x must have a height and width that are multiples of {unit}, got {height} x {width}")
        if text.shape[1] != len(self.nothing):
            raise ValueError(f"text must have {len(self.nothing)} entries, got {text.shape[1]}")


def steered(taken: Sequence[Tensor], residuals: Sequence[Tensor]) -> list[Tensor]:
    """What the decoder takes, the skips and then the middle, each with its residual
    added.

    Shapes: both lists the same, one (batch, channels, height, width) for each skip and
    one for the middle.
    Errors: ValueError for lists of unlike length, or where a residual has another shape
    than what it is added to.
    Source: Zhang et al., Adding conditional control to text-to-image diffusion models
    (2023), section 3.2; diffusers' ``down_block_additional_residuals`` and
    ``mid_block_additional_residual``.
    """
    if len(taken) != len(residuals):
        each = f"one for each skip and one for the middle, {len(taken)}"
        raise ValueError(f"residuals: {each}; got {len(residuals)}")
    pairs = list(zip(taken, residuals, strict=True))
    for place, (own, more) in enumerate(pairs):
        if own.shape != more.shape:
            right, got = tuple(own.shape), tuple(more.shape)
            raise ValueError(f"residuals[{place}] must be {right}, got {got}")
    return [own + more for own, more in pairs]


def _noise_and_variance(t: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The share of the noise, which is t, and the variance of a pixel: one number a picture, at least in float32."""
    noise = t[:, None, None, None].to(torch.promote_types(x.dtype, torch.float32))
    return noise, noise.square() + ((1 - noise) * SPREAD).square()
