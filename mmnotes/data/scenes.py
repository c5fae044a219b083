"""Scenes whose truth is known: one to three drawings of the corpus on a texture or a photograph, 64 x 64 pixels.

The drawings are stored with their opacity. It is resized with them, colours weighted by it, so where a scene shows
which object, and how much of it, is exact: no mask is estimated.

The split is twofold: scenes of held-out concepts stand on held-out photographs too, and their vendors are the caller's
choice. What is random comes from the seed alone.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import interpolate, pad

from mmnotes.data.emoji import Vendor, concepts, cutouts
from mmnotes.data.textures import SIDE, grounds

MOST = 3  # objects in a scene
OBJECT = (28, 52)  # sides of an object, in pixels
CUT = 0.5  # of an object's side that the rim may cut off


class Scenes(NamedTuple):
    """Objects and the ground behind them, kept apart so that a view may be given another ground.

    ``colour`` is that of the objects times how much they cover; ``opacity`` has a place for each object, the later
    ones in front, zero where a scene has fewer; ``concept`` is the object's, and -1 where there is none.
    """

    colour: Float[Tensor, "batch channels height width"]
    opacity: Float[Tensor, "batch places height width"]
    ground: Float[Tensor, "batch channels height width"]
    concept: Int[Tensor, "batch places"]

    def pixels(self) -> Float[Tensor, "batch channels height width"]:
        """The pictures, red, green and blue from 0 to 1."""
        covered = self.opacity.sum(1, keepdim=True)
        return (self.colour + (1 - covered) * self.ground).clamp(0, 1)

    def masks(self) -> Bool[Tensor, "batch height width"]:
        """Where an object covers more than half of a pixel."""
        return self.opacity.sum(1) > 0.5

    def on(self, ground: Float[Tensor, "batch channels height width"]) -> "Scenes":
        """The same objects at the same places on another ground."""
        return self._replace(ground=ground)


def scenes(
    count: int,
    *,
    vendors: Sequence[Vendor],
    held_out: bool,
    seed: int,
    fewest: int = 1,
    most: int = MOST,
    cut: float = CUT,
) -> Scenes:
    """So many scenes with objects of these vendors, among the concepts that are held out or among the others.

    Later objects may cover earlier ones in part. The rim may cut off as much as the share ``cut`` of an object's side:
    by default its middle is anywhere in the picture, so that what only knows the middle of the picture knows little.
    Half are mirrored.

    Shapes: (batch, 3, 64, 64) of colour and ground, (batch, 3, 64, 64) of opacity, one place for each object.
    Errors: ValueError where fewest and most are not within 1 and 3, in this order, or cut is negative or not below 1.
    """
    if not 0 <= cut < 1:
        raise ValueError(f"cut must be at least 0 and below 1, got {cut}")
    if not 1 <= fewest <= most <= MOST:
        raise ValueError(f"fewest and most must be within 1 and {MOST}, in this order, got {fewest} and {most}")
    random = torch.Generator().manual_seed(seed)
    chosen = torch.tensor([place for place, concept in enumerate(concepts()) if concept.held_out == held_out])
    corpus = [_kept_cutouts(vendor) for vendor in vendors]
    concept = chosen[torch.randint(len(chosen), (count, MOST), generator=random)]
    present = torch.arange(MOST) < torch.randint(fewest, most + 1, (count, 1), generator=random)
    colour, opacity = torch.zeros(count, 3, SIDE, SIDE), torch.zeros(count, MOST, SIDE, SIDE)
    for scene, place in present.nonzero().tolist():
        shown = _placed(corpus[_below(len(corpus), random)][concept[scene, place]], cut, random)
        behind = 1 - shown[3]
        opacity[scene] *= behind
        opacity[scene, place] = shown[3]
        colour[scene] = colour[scene] * behind + shown[:3]
    ground = grounds(count, held_out=held_out, seed=_below(2**62, random))
    return Scenes(colour, opacity, ground, concept.where(present, -1))


@cache
def _kept_cutouts(vendor: Vendor) -> Tensor:
    """A vendor's drawings, read once; nobody writes to them."""
    return cutouts(vendor=vendor)


def _placed(drawing: Tensor, cut: float, random: torch.Generator) -> Tensor:
    """A drawing at a random size and place, mirrored or not, alone in a scene."""
    side = OBJECT[0] + _below(OBJECT[1] - OBJECT[0] + 1, random)
    if _below(2, random):
        drawing = drawing.flip(-1)
    shown = interpolate(drawing[None], (side, side), mode="bilinear", align_corners=False, antialias=True)[0]
    beyond = int(cut * side)
    top, left = (_below(SIDE - side + 2 * beyond + 1, random) - beyond for _ in range(2))
    around = pad(shown, (SIDE,) * 4)
    return around[:, SIDE - top : 2 * SIDE - top, SIDE - left : 2 * SIDE - left]


def _below(count: int, random: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=random))
