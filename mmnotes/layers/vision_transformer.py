"""A vision transformer whose tokens are all read: [CLS] for the picture, one token for each patch.

Papers: Dosovitskiy et al., An image is worth 16x16 words (2021); Bao et al., BEiT (2022), for the mask token; Oquab et
al., DINOv2 (2023), for LayerScale; Darcet et al., Vision transformers need registers (2024).

Differs: no dropout and no stochastic depth; no SwiGLU, which only the largest of DINOv2's models has.
"""

from typing import NamedTuple, cast

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmnotes.layers.scaled_block import EPSILON, ScaledBlock


class Tokens(NamedTuple):
    """What a vision transformer makes of pictures: ``cls`` (batch, dim), and ``patches`` (batch, patches, dim) row by
    row.
    """

    cls: Tensor
    patches: Tensor


class VisionTransformer(nn.Module):
    """[CLS], registers and patches through ``depth`` layers and a norm.

    A patch is one step of a convolution. Where ``masked`` is True a learned token takes a patch's place before the
    positions are added, so the sequence keeps its length and a hole knows where it is. Registers have no position
    and are not read. A picture of another size than ``size`` gets the table of positions resampled.

    Shapes: pixels (batch, 3, height, width), multiples of patch; masked (batch, patches) -> cls (batch, dim), patches
    (batch, patches, dim).
    Units: pixels as the model was trained on; the released ones want each channel centred and scaled.
    Errors: ValueError where patch does not divide size, or height and width; heads does not divide dim; registers is
    negative; there is no picture.
    Source: transformers' ``Dinov2Model`` and, with registers, ``Dinov2WithRegistersModel``; with scale = 1
    facebookresearch/dino, vision_transformer.py.
    """

    def __init__(
        self, *, size: int, patch: int, dim: int, depth: int, heads: int, hidden: int, scale: float, registers: int
    ) -> None:
        super().__init__()
        if patch < 1 or size % patch:
            raise ValueError(f"patch must divide size = {size}, got {patch}")
        if registers < 0:
            raise ValueError(f"registers must not be negative, got {registers}")
        self.side = size // patch
        self.patch = nn.Conv2d(3, dim, kernel_size=patch, stride=patch)
        self.class_token = nn.Parameter(torch.randn(dim) * 0.02)
        self.mask_token = nn.Parameter(torch.zeros(dim))
        self.registers = nn.Parameter(torch.randn(registers, dim) * 0.02)
        self.position = nn.Parameter(torch.randn(1 + self.side**2, dim) * 0.02)
        sizes = {"dim": dim, "heads": heads, "hidden": hidden}
        self.blocks = nn.ModuleList(ScaledBlock(scale=scale, **sizes) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=EPSILON)

    def forward(
        self, pixels: Float[Tensor, "batch 3 height width"], masked: Bool[Tensor, "batch patches"] | None = None
    ) -> Tokens:
        """The tokens after the norm."""
        x = self.norm(self.states(self.embed(pixels, masked)))
        return Tokens(x[:, 0], x[:, 1 + len(self.registers) :])

    def states(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """All tokens after the last layer, before the norm; x is what ``embed`` gives, mask who may attend to whom."""
        for block in self.blocks:
            x = block(x, mask)
        return x

    def cls_attention(
        self, pixels: Float[Tensor, "batch 3 height width"], masked: Bool[Tensor, "batch patches"] | None = None
    ) -> Float[Tensor, "batch heads rows columns"]:
        """How much [CLS] reads of each patch in the last layer, head by head, as maps.

        What it reads of itself and of registers is missing, so a map sums to less than one.
        """
        x = self.embed(pixels, masked)
        for block in self.blocks[:-1]:
            x = block(x)
        last = cast("ScaledBlock", self.blocks[-1])
        read = last.attention_weights(x)[:, :, 0, 1 + len(self.registers) :]
        maps: Tensor = read.unflatten(-1, self._grid(pixels))
        return maps

    def embed(
        self, pixels: Float[Tensor, "batch 3 height width"], masked: Bool[Tensor, "batch patches"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """What the first layer is given: [CLS], registers, patches; all but the registers with their positions."""
        rows, columns = self._grid(pixels)
        patches = rearrange(self.patch(pixels), "batch dim rows columns -> batch (rows columns) dim")
        if masked is not None:
            patches = torch.where(masked[..., None], self.mask_token, patches)
        position = self.positions(rows=rows, columns=columns)
        first = torch.cat([(self.class_token + position[0])[None], self.registers])
        return torch.cat([first.expand(len(patches), -1, -1), patches + position[1:]], dim=1)

    def positions(self, *, rows: int, columns: int) -> Float[Tensor, "tokens dim"]:
        """The position of [CLS], then those of a grid of patches, resampled where the grid is not the learned one."""
        if (rows, columns) == (self.side, self.side):
            return self.position
        grid = self.position[1:].unflatten(0, (self.side, self.side)).movedim(-1, 0)[None]
        # The released models with registers smooth before they shrink the table, those without do not.
        smooth = bool(len(self.registers))
        grid = interpolate(grid, (rows, columns), mode="bicubic", align_corners=False, antialias=smooth)
        return torch.cat([self.position[:1], grid[0].flatten(1).T])

    def _grid(self, pixels: Tensor) -> tuple[int, int]:
        """Rows and columns of patches of these pictures."""
        (height, width), patch = pixels.shape[-2:], self.patch.kernel_size[0]
        if height % patch or width % patch or not height * width:
            raise ValueError(f"pixels must be multiples of {patch} high and wide, got {height} by {width}")
        if not len(pixels):
            raise ValueError(f"pixels must hold at least one picture, got the shape {tuple(pixels.shape)}")
        return height // patch, width // patch
