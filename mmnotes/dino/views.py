"""Multi-crop: large crops for teacher and student, small ones for the student alone, each in other colours.

Papers: Caron et al., SwAV (2020), section 3.2, for multi-crop; Caron et al., DINO (2021), appendix C.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.colours import luma

SHARES = (0.4, 1.0), (0.05, 0.4)  # of the picture's area: global and local crops
ASPECT = (3 / 4, 4 / 3)
JITTERED, GREY = 0.8, 0.2  # shares of the crops
BRIGHTNESS, CONTRAST, SATURATION, HUE = 0.4, 0.4, 0.2, 0.1


def multi_crop(
    pixels: Float[Tensor, "versions batch 3 height width"],
    *,
    global_size: int,
    local_size: int,
    local_crops: int,
    random: torch.Generator,
    shares: tuple[tuple[float, float], tuple[float, float]] = SHARES,
    strength: float = 1.0,
) -> tuple[
    Float[Tensor, "views batch 3 global_size global_size"], Float[Tensor, "crops batch 3 local_size local_size"]
]:
    """Two global crops of every picture, and so many local ones.

    A picture may be given in several versions, such as one object on two grounds: the crops take them in turn.
    ``strength`` is that of ``jittered``. A draw from a generator cannot be traced.

    Shapes: pixels (versions, batch, 3, height, width) -> (2, batch, 3, global_size, global_size), (local_crops, batch,
    3, local_size, local_size).
    Units: pixels from 0 to 1.
    Errors: as ``crop_boxes`` and ``jittered``.
    Source: facebookresearch/dino, main_dino.py, class DataAugmentationDINO; shares are its defaults.
    Differs: no blur and no solarisation; crops are read bilinearly, where the authors' are bicubic.
    """
    versions, batch = pixels.shape[:2]
    made = []
    for size, share, count in ((global_size, shares[0], 2), (local_size, shares[1], local_crops)):
        chosen = pixels[torch.arange(count) % versions].flatten(0, 1)
        boxes = crop_boxes(count=len(chosen), share=share, random=random).to(pixels)
        crops = jittered(cropped(chosen, boxes, size=size), random=random, strength=strength)
        made.append(crops.unflatten(0, (count, batch)))
    return made[0], made[1]


def crop_boxes(*, count: int, share: tuple[float, float], random: torch.Generator) -> Float[Tensor, "batch 4"]:
    """Left, top, width and height of random boxes, in sides of the picture.

    Area and the logarithm of the aspect ratio are uniform; a box that would be wider or higher than the picture is cut
    down to it. A draw from a generator cannot be traced.

    Shapes: (batch, 4).
    Errors: ValueError where share is not two numbers within 0 and 1, in order.
    Source: torchvision's ``RandomResizedCrop``, which draws again where a box does not fit.
    """
    low, high = share
    if not 0 < low <= high <= 1:
        raise ValueError(f"share must be two numbers within 0 and 1, in order, got {share}")
    area = low + (high - low) * torch.rand(count, generator=random)
    stretch = math.log(ASPECT[0]) + math.log(ASPECT[1] / ASPECT[0]) * torch.rand(count, generator=random)
    sides = torch.stack([(area * stretch.exp()).sqrt(), (area / stretch.exp()).sqrt()], 1).clamp(max=1)
    return torch.cat([(1 - sides) * torch.rand(count, 2, generator=random), sides], 1)


def cropped(
    pixels: Float[Tensor, "batch channels height width"], boxes: Float[Tensor, "batch 4"], *, size: int
) -> Float[Tensor, "batch channels size size"]:
    """What lies in each picture's box, as a square.

    Shapes: pixels (batch, channels, height, width), boxes (batch, 4) -> (batch, channels, size, size).
    Units: boxes are left, top, width and height in sides of the picture.
    Source: torch's ``grid_sample``, bilinear, with padding_mode border.
    """
    across, down = (
        _weights(boxes[:, place], boxes[:, 2 + place], length=length, size=size)
        for place, length in ((0, pixels.shape[-1]), (1, pixels.shape[-2]))
    )
    return torch.einsum("bih,bchw,bjw->bcij", down, pixels, across)


def _weights(start: Tensor, side: Tensor, *, length: int, size: int) -> Tensor:
    """(batch, size, length): how much of each pixel of a line a place of the crop shows, a tent about the place."""
    middles = (torch.arange(size).to(start) + 0.5) / size
    places = length * (start[:, None] + side[:, None] * middles) - 0.5
    pixels = torch.arange(length).to(start)
    return (1 - (places.clamp(0, length - 1)[..., None] - pixels).abs()).clamp(min=0)


def jittered(
    pixels: Float[Tensor, "batch 3 height width"], *, random: torch.Generator, strength: float = 1.0
) -> Tensor:
    """Crops mirrored half the time, most in other brightness, contrast, saturation and hue, some without colour.

    How far these four go, and how many crops lose their colour, is ``strength`` times what the authors do; 0 mirrors
    and no more. A draw from a generator cannot be traced.

    Shapes: pixels (batch, 3, height, width) -> (batch, 3, height, width).
    Units: pixels from 0 to 1.
    Errors: ValueError where strength is not within 0 and 1.
    Source: facebookresearch/dino, main_dino.py, flip_and_color_jitter.
    Differs: hue is turned about the grey axis, and the four changes come in one order, not in a random one.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be within 0 and 1, got {strength}")
    batch = len(pixels)
    brightness, contrast, saturation, hue = (strength * each for each in (BRIGHTNESS, CONTRAST, SATURATION, HUE))

    def draw(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(batch, 1, 1, 1, generator=random)).to(pixels)

    mirrored = torch.where(draw(0, 1) < 0.5, pixels.flip(-1), pixels)
    x = (mirrored * draw(1 - brightness, 1 + brightness)).clamp(0, 1)
    mean = luma(x).mean((2, 3), keepdim=True)
    x = (mean + draw(1 - contrast, 1 + contrast) * (x - mean)).clamp(0, 1)
    grey = luma(x)
    x = grey + draw(1 - saturation, 1 + saturation) * (x - grey)
    x = _turned(x, 2 * math.pi * draw(-hue, hue)).clamp(0, 1)
    x = torch.where(draw(0, 1) < JITTERED, x, mirrored)
    return torch.where(draw(0, 1) < strength * GREY, luma(x), x)


def _turned(pixels: Tensor, angle: Tensor) -> Tensor:
    """Colours turned about the axis of the greys, by Rodrigues' formula."""
    ahead, behind = pixels.roll(1, 1), pixels.roll(-1, 1)
    mean = pixels.mean(1, keepdim=True)
    return pixels * angle.cos() + (ahead - behind) * angle.sin() / math.sqrt(3) + mean * (1 - angle.cos())
