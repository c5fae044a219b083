"""What lies behind the objects of a scene: textures drawn from a seed, and cuttings of the photographs."""

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from mmnotes.data.pictures import photos
from mmnotes.layers.colours import luma

SIDE = 64  # pixels of a scene
HELD_OUT_PHOTOS = ("temple", "flower")
BRIGHTNESS = (0.35, 0.85)  # of a ground on average: a drawing is brighter than its ground in half of the scenes
DARKEST, ROUNDS = 1e-3, 4


def grounds(count: int, *, held_out: bool, seed: int) -> Float[Tensor, "batch channels height width"]:
    """So many grounds: half of them cuttings of photographs, a quarter clouds, a quarter stripes.

    The photographs are two that are held out, or the four others; textures are new with every seed. How bright a
    ground is on average is left to chance, so that an object cannot be told by its brightness.

    Shapes: (batch, channels, height, width) = (count, 3, 64, 64).
    Units: red, green and blue from 0 to 1.
    """
    random = torch.Generator().manual_seed(seed)
    pictures = _kept_photos(held_out)
    kinds = torch.randint(4, (count,), generator=random).tolist()
    drawn = [
        _clouds(random) if kind == 0 else _stripes(random) if kind == 1 else _cutting(pictures, random)
        for kind in kinds
    ]
    return _brightened(torch.stack(drawn), random) if drawn else torch.zeros(0, 3, SIDE, SIDE)


def textures(count: int, *, seed: int) -> Float[Tensor, "batch channels height width"]:
    """So many textures: half of them clouds, half stripes and checks, each of two colours.

    Shapes: (batch, channels, height, width) = (count, 3, 64, 64).
    Units: red, green and blue from 0 to 1.
    """
    random = torch.Generator().manual_seed(seed)
    drawn = [(_clouds, _stripes)[kind](random) for kind in torch.randint(2, (count,), generator=random).tolist()]
    return torch.stack(drawn) if drawn else torch.zeros(0, 3, SIDE, SIDE)


@cache
def _kept_photos(held_out: bool) -> list[Tensor]:
    """The photographs of one side of the split, read once; nobody writes to them."""
    return [picture for name, picture in photos().items() if (name in HELD_OUT_PHOTOS) == held_out]


def _brightened(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Each to a power with which its mean brightness is a number drawn from ``BRIGHTNESS``, nearly."""
    (low, high), pictures = BRIGHTNESS, pictures.clamp(min=DARKEST)
    wanted = low + (high - low) * torch.rand(len(pictures), 1, 1, 1, generator=random)
    power = torch.ones_like(wanted)
    for _ in range(ROUNDS):
        bright = luma(pictures**power).mean((2, 3), keepdim=True)
        power = power * wanted.log() / bright.log()
    return pictures**power


def _cutting(pictures: list[Tensor], random: torch.Generator) -> Tensor:
    """A square of a photograph, half of it to all of it wide, mirrored or not."""
    picture = pictures[int(torch.randint(len(pictures), (), generator=random))]
    whole = picture.shape[-1]
    side = int(torch.randint(SIDE, whole + 1, (), generator=random))
    top, left = torch.randint(whole - side + 1, (2,), generator=random).tolist()
    cut = picture[:, top : top + side, left : left + side]
    if torch.rand((), generator=random) < 0.5:
        cut = cut.flip(-1)
    return _resized(cut)


def _clouds(random: torch.Generator) -> Tensor:
    """Two colours mixed by noise of three widths."""
    octaves = [_resized(torch.rand(1, cells, cells, generator=random)) / cells for cells in (3, 6, 12)]
    noise = octaves[0] + octaves[1] + octaves[2]
    return _mixed((noise - noise.min()) / (noise.max() - noise.min()), random)


def _stripes(random: torch.Generator) -> Tensor:
    """Two colours mixed by waves in one direction, or in two for checks."""
    across = torch.arange(SIDE) / SIDE
    angle, turns, crossed, phase = torch.rand(4, generator=random).tolist()
    cosine, sine = math.cos(math.pi * angle), math.sin(math.pi * angle)
    first = cosine * across[:, None] + sine * across
    second = cosine * across - sine * across[:, None]
    waves = [torch.sin(2 * math.pi * ((2 + 8 * turns) * each + phase)) for each in (first, second)]
    mixed = waves[0] * waves[1] if crossed < 0.5 else waves[0]
    return _mixed((1 + mixed[None]) / 2, random)


def _mixed(share: Tensor, random: torch.Generator) -> Tensor:
    one, other = torch.rand(2, 3, 1, 1, generator=random)
    mixed: Tensor = one * share + other * (1 - share)
    return mixed


def _resized(picture: Tensor) -> Tensor:
    resized: Tensor = interpolate(picture[None], (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)[0]
    return resized
