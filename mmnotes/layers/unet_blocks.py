"""The two blocks of a text-conditioned U-Net: one that knows the time, and one that reads the text.

Papers: Ho et al., Denoising diffusion probabilistic models (2020), appendix B, for the residual block; Rombach et al.,
High-resolution image synthesis with latent diffusion models (2022), section 3.3, for attention to text.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, silu

from mmnotes.layers.attention import Attention

GROUPS = 8  # of the group norms; Stable Diffusion has 32 for channels ten times as many


class ResidualBlock(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x))) + a shift that depends on time and text))).

    Shapes: x (batch, channels, height, width), condition (batch, dim) -> (batch, out, height, width).
    Source: Ho et al. 2020, appendix B; the shift as in diffusers' ResnetBlock2D.
    """

    def __init__(self, *, channels: int, out: int, dim: int) -> None:
        super().__init__()
        self.norm_in, self.conv_in = nn.GroupNorm(GROUPS, channels), nn.Conv2d(channels, out, 3, padding=1)
        self.shift = nn.Linear(dim, out)
        self.norm_out, self.conv_out = nn.GroupNorm(GROUPS, out), nn.Conv2d(out, out, 3, padding=1)
        self.skip = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()

    def forward(
        self, x: Float[Tensor, "batch channels height width"], condition: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, "batch out height width"]:
        """The block's output."""
        h = self.conv_in(silu(self.norm_in(x))) + self.shift(silu(condition))[:, :, None, None]
        output: Tensor = self.skip(x) + self.conv_out(silu(self.norm_out(h)))
        return output


class TextBlock(nn.Module):
    """Each pixel attends to all pixels, then to the text, then passes a small network of its own.

    Shapes: x (batch, channels, height, width), text (batch, tokens, dim) -> (batch, channels, height, width).
    Source: Rombach et al. 2022, section 3.3; the order of diffusers' BasicTransformerBlock.
    Differs: no projection in and out of the block, and a GELU instead of a gated one.
    """

    def __init__(self, *, channels: int, text_dim: int, heads: int) -> None:
        super().__init__()
        self.norm_self, self.norm_cross, self.norm_mlp = (nn.LayerNorm(channels) for _ in range(3))
        self.self_attention = Attention(dim=channels, heads=heads, context_dim=channels)
        self.cross_attention = Attention(dim=channels, heads=heads, context_dim=text_dim)
        self.up, self.down = nn.Linear(channels, 3 * channels), nn.Linear(3 * channels, channels)

    def forward(
        self, x: Float[Tensor, "batch channels height width"], text: Float[Tensor, "batch tokens dim"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The block's output."""
        height, tokens = x.shape[2], rearrange(x, "batch channels height width -> batch (height width) channels")
        normed = self.norm_self(tokens)
        tokens = tokens + self.self_attention(normed, normed)
        tokens = tokens + self.cross_attention(self.norm_cross(tokens), text)
        tokens = tokens + self.down(gelu(self.up(self.norm_mlp(tokens))))
        output: Tensor = rearrange(tokens, "batch (h w) channels -> batch channels h w", h=height)
        return output


def time_embedding(t: Float[Tensor, "batch"], *, dim: int) -> Float[Tensor, "batch dim"]:
    """Sines and cosines of 1000 t at ``dim`` / 2 frequencies from 1 down to 1/10000.

    Shapes: t (batch,) -> (batch, dim).
    Units: t from 0 (data) to 1 (noise).
    Source: Vaswani et al. 2017, section 3.5; the factor 1000 is that of diffusers' timesteps.
    """
    frequencies = torch.exp(-math.log(10_000) / (dim // 2) * torch.arange(dim // 2, device=t.device))
    angles = 1000 * t[:, None] * frequencies.to(t.dtype)
    return torch.cat([angles.cos(), angles.sin()], dim=1)
