"""CLIP's image tower, and the two towers together.

Papers: Radford et al., CLIP (2021); Dosovitskiy et al., An image is worth 16x16 words (2021), for the image tower.
"""

import math

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmnotes.clip.activation import quick_gelu
from mmnotes.clip.text import TextTower
from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.layers.transformer import PreNormBlock


class ImageTower(nn.Module):
    """A vision transformer with a norm before its first layer, read out by whatever
    ``readout`` is.

    A patch is one step of a convolution without bias. [CLS], a learned vector, goes
    before the patches, and each of these tokens is given a learned position.

    Shapes: pixels (batch, 3, height, width) with height = width = size -> (batch,
    features).
    Units: pixels as the tower was trained on; the released ones want each channel
    centred and scaled.
    Errors: ValueError where patch does not divide size, heads does not divide dim, a
    picture has another size, or there is none.
    Source: openai/CLIP, clip/model.py, class VisionTransformer, with
    ``ClassReadout``.
    """

    def __init__(
        self,
        *,
        size: int,
        patch: int,
        dim: int,
        depth: int,
        heads: int,
        hidden: int,
        readout: nn.Module,
    ) -> None:
        super().__init__()
        if patch < 1 or size % patch:
            raise ValueError(f"patch must divide size = {size}, got {patch}")
        self.size = size
        self.patch = nn.Conv2d(3, dim, kernel_size=patch, stride=patch, bias=False)
        self.class_token = nn.Parameter(torch.randn(dim) * dim**-0.5)
        self.position = nn.Parameter(torch.randn(1 + (size // patch) ** 2, dim) * dim**-0.5)
        self.norm = nn.LayerNorm(dim)
        self.blocks = nn.ModuleList(
            # the activation that the released weights were trained with
            PreNormBlock(dim=dim, heads=heads, hidden=hidden, activation=quick_gelu)
            for _ in range(depth)
        )
        self.readout = readout

    def forward(
        self,
        pixels: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, "batch features"]:
        """The feature of each picture, not of unit length."""
        feature: Tensor = self.readout(self.states(pixels))
        return feature

    def states(
        self,
        pixels: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """[CLS] and the patches, row by row, after the last layer and before any norm
        of the readout."""
        x = self.embed(pixels)
        for block in self.blocks:
            x = block(x)
        return x

    def embed(
        self,
        pixels: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """What the first layer is given: norm([class; patches] + positions)."""
        if pixels.shape[-2:] != (self.size, self.size):
            height, width = pixels.shape[-2:]
            side = self.size
            raise ValueError(f"pixels must be {side} by {side}, got {height} by {width}")
        if not len(pixels):
            shape = tuple(pixels.shape)
            raise ValueError(f"pixels must hold at least one picture, got the shape {shape}")
        grid = self.patch(pixels)
        patches = rearrange(grid, "batch dim rows columns -> batch (rows columns) dim")
        first = self.class_token.expand(len(patches), 1, -1)
        x: Tensor = self.norm(torch.cat([first, patches], dim=1) + self.position)
        return x


class CLIP(nn.Module):
    """Two towers that share nothing, and the logarithm of a scale, which starts at log(1 / 0.07).

    >>> from mmnotes.clip import ClassReadout
    >>> sizes = {"dim": 12, "depth": 1, "heads": 3, "hidden": 48}
    >>> readout = ClassReadout(dim=12, features=8)
    >>> clip = CLIP(
    ...     image=ImageTower(size=32, patch=8, readout=readout, **sizes),
    ...     text=TextTower(vocabulary=100, length=16, features=8, **sizes),
    ... )
    >>> clip(torch.rand(2, 3, 32, 32), torch.tensor([[98, 5, 99], [98, 7, 99], [98, 99, 0]])).shape
    torch.Size([2, 3])

    Shapes: pixels (images, 3, height, width), token_ids (texts, tokens) -> (images, texts).
    Units: the result is e^s times cosines, the logits of both softmaxes of CLIP's loss, in float32 or, for float64
    towers, float64: the cosines of towers in half precision are promoted first, under autocast too.
    Errors: as the towers.
    Source: Radford et al. 2021, figure 3 and section 2.5; agrees with transformers' ``CLIPModel``.
    """

    def __init__(self, *, image: ImageTower, text: TextTower) -> None:
        super().__init__()
        self.image = image
        self.text = text
        like = text.position
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07), dtype=like.dtype, device=like.device))

    def forward(
        self, pixels: Float[Tensor, "images 3 height width"], token_ids: Int[Tensor, "texts tokens"]
    ) -> Float[Tensor, "images texts"]:
        """Every picture with every text."""
        image, text, log_scale = promoted(self.image(pixels), self.text(token_ids), self.logit_scale)
        with without_autocast(image.device):
            return log_scale.exp() * normalize(image, dim=1) @ normalize(text, dim=1).T
