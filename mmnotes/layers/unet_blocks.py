"""The two blocks of a text-conditioned U-Net: one that knows the time, and one that reads the text.

Papers: Ho et al., Denoising diffusion probabilistic models (2020), appendix B, for the residual block; Rombach et al.,
High-resolution image synthesis with latent diffusion models (2022), section 3.3, for attention to text.
"""

import math
from copy import deepcopy
from typing import TypeVar

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, silu

from mmnotes.layers.attention import Attention
from mmnotes.layers.precision import promoted

Part = TypeVar("Part", bound=nn.Module)
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
        """The grid as it was, in ``out`` channels, and what the convolutions add."""
        h = self.conv_in(silu(self.norm_in(x))) + self.shift(silu(condition))[:, :, None, None]
        output: Tensor = self.skip(x) + self.conv_out(silu(self.norm_out(h)))
        return output


class TextBlock(nn.Module):
    """Each pixel attends to all pixels, then to the text, then passes a small network of its own.

    In place of its ``cross_attention`` may stand a module that reads an image's tokens too, such as
    ``DecoupledAttention``; it keeps what stood there as ``text``.

    Shapes: x (batch, channels, height, width), text (batch, tokens, dim) and an image (batch, images, dim), whose
    number of tokens is another -> (batch, channels, height, width).
    Errors: ValueError where heads does not divide channels, or for an image that no layer here reads.
    Source: Rombach et al. 2022, section 3.3; the order of diffusers' BasicTransformerBlock.
    Differs: no projection in and out of the block, and a GELU instead of a gated one.
    """

    def __init__(self, *, channels: int, text_dim: int, heads: int) -> None:
        super().__init__()
        self.norm_self, self.norm_cross, self.norm_mlp = (nn.LayerNorm(channels) for _ in range(3))
        self.self_attention = Attention(dim=channels, heads=heads, context_dim=channels)
        self.cross_attention: nn.Module = Attention(dim=channels, heads=heads, context_dim=text_dim)
        self.up, self.down = nn.Linear(channels, 3 * channels), nn.Linear(3 * channels, channels)

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        text: Float[Tensor, "batch tokens dim"],
        image: Float[Tensor, "batch images dim"] | None = None,
    ) -> Float[Tensor, "batch channels height width"]:
        """All three, each added to what the pixels were."""
        if image is not None and isinstance(self.cross_attention, Attention):
            raise ValueError("image must be None: no layer of this network reads an image's tokens, see decoupled_")
        context = (text,) if image is None else (text, image)
        height, tokens = x.shape[2], rearrange(x, "batch channels height width -> batch (height width) channels")
        normed = self.norm_self(tokens)
        tokens = tokens + self.self_attention(normed, normed)
        tokens = tokens + self.cross_attention(self.norm_cross(tokens), *context)
        tokens = tokens + self.down(gelu(self.up(self.norm_mlp(tokens))))
        output: Tensor = rearrange(tokens, "batch (h w) channels -> batch channels h w", h=height)
        return output


def text_alone(part: Part) -> Part:
    """A copy of a part of a U-Net whose text blocks read no image, whatever stands in them.

    It cannot be traced: it makes a module.

    Errors: AttributeError where the module in place of a cross-attention does not keep it as ``text``.
    """
    copied = deepcopy(part)
    for block in copied.modules():
        if isinstance(block, TextBlock) and not isinstance(block.cross_attention, Attention):
            block.cross_attention = block.cross_attention.get_submodule("text")
    return copied


def time_embedding(t: Float[Tensor, "batch"], *, dim: int) -> Float[Tensor, "batch dim"]:
    """Sines and cosines of 1000 t at ``dim`` / 2 frequencies from 1 down to 1/10000.

    Angles of half precision would be off by more than a radian: they are made at least in float32, and their sines and
    cosines are rounded to the dtype of t at the end.

    Shapes: t (batch,) -> (batch, dim).
    Units: t from 0 (data) to 1 (noise).
    Errors: ValueError for a dim that is odd or less than 2.
    Source: Vaswani et al. 2017, section 3.5; the factor 1000 is that of diffusers' timesteps.
    """
    if dim < 2 or dim % 2:
        raise ValueError(f"dim must be even and at least 2, got {dim}")
    (times,) = promoted(t)
    steps = torch.arange(dim // 2, dtype=times.dtype, device=t.device)
    angles = 1000 * times[:, None] * torch.exp(-math.log(10_000) / (dim // 2) * steps)
    return torch.cat([angles.cos(), angles.sin()], dim=1).to(t.dtype)
