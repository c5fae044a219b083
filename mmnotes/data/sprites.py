"""Films whose every frame is known: a drawing of the corpus that moves by an exact rule in a room with a wall.

A frame has 32 x 32 pixels; a wall one pixel wide runs along the rim; a sprite is a drawing 10 pixels wide. Places and
speeds are whole steps of two pixels, so that a drawing is moved and never redrawn. Three rules: a sprite *glides*, it
never meets a wall; it *bounces*, at a wall its speed turns round; it *falls*, one step a frame faster in each frame,
and bounces off the floor.
"""

from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import interpolate, pad

from mmnotes.data.emoji import concept_index, cutouts, text_features
from mmnotes.data.motions import MOTIONS, paths_of
from mmnotes.data.textures import textures

FRAMES, SIDE, SPRITE, WALL, STEP = 10, 32, 10, 1, 2
FARTHEST = SIDE - 2 * WALL - SPRITE  # the largest coordinate of a sprite's corner, counted from the wall
GROUNDS, WALL_LIGHT = 64, 0.45  # textures in stock; a wall is this much of its ground
LEARNED = (
    "dog face", "cat face", "fox", "tiger face", "pig face", "frog", "lion", "penguin", "owl", "panda", "koala",
    "octopus", "turtle", "tropical fish", "lady beetle", "snail", "tomato", "red apple", "lemon", "strawberry",
    "watermelon", "pizza", "hamburger", "cookie", "basketball", "sunflower", "rose", "cherries", "pineapple",
    "bullseye", "jack-o-lantern", "wrapped gift",
)  # fmt: skip
UNSEEN = ("monkey face", "chicken", "tangerine", "doughnut", "soccer ball", "crab", "tiger", "grapes")


class Films(NamedTuple):
    """Films, and what is true of them: where the sprite is in each frame, which sprite it is, how it moves.

    A place is the row and the column of the sprite's upper left corner, counted from the wall. The text has two
    tokens: the sentence feature of the sprite's name, and a vector that stands for the motion.
    """

    pixels: Float[Tensor, "batch frames channels height width"]
    places: Int[Tensor, "batch frames 2"]
    ground: Float[Tensor, "batch channels height width"]
    sprite: Int[Tensor, "batch"]
    motion: Int[Tensor, "batch"]
    text: Float[Tensor, "batch words text_dim"]


def sprite_films(
    count: int,
    *,
    random: torch.Generator,
    unseen: bool = False,
    held_out: bool = False,
    textured: float = 0.0,
    frames: int = FRAMES,
    step: int = STEP,
) -> Films:
    """So many films of a sprite that was learned, or of an unseen one, with speeds that were learned, or held out.

    A share of the grounds are textures, the others are of one colour. All moves by whole steps of so many pixels.

    Shapes: pixels (count, frames, 3, 32, 32), text (count, 2, 384).
    Units: red, green and blue from 0 to 1; places in pixels, from 0 to 20; features about 1 in size.
    """
    labels = UNSEEN if unseen else LEARNED
    corpus = torch.tensor([concept_index(label) for label in labels])
    sprite = corpus[torch.randint(len(corpus), (count,), generator=random)]
    motion = torch.randint(len(MOTIONS), (count,), generator=random)
    places = paths_of(motion, held_out, frames, FARTHEST // step, random) * step
    colour = torch.rand(count, 3, 1, 1, generator=random).expand(-1, -1, SIDE, SIDE)
    texture = _textures()[torch.randint(GROUNDS, (count,), generator=random)]
    ground = torch.where(torch.rand(count, 1, 1, 1, generator=random) < textured, texture, colour).clone()
    return Films(shown(sprite, places, ground), places, walled(ground), sprite, motion, film_texts(sprite, motion))


def shown(
    sprite: Int[Tensor, "batch"],
    places: Int[Tensor, "batch frames 2"],
    ground: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch frames channels height width"]:
    """The frames of sprites at these places on these grounds, with the wall.

    Shapes: sprite (batch,) places in the corpus, places (batch, frames, 2), ground (batch, 3, 32, 32) -> (batch,
    frames, 3, 32, 32).
    """
    inside = torch.arange(SIDE) - WALL - places[..., None]
    rows, columns = (inside.clamp(-1, SPRITE) + 1).unbind(2)
    drawn = _stock()[sprite][torch.arange(len(sprite))[:, None, None, None], rows[..., None], columns[..., None, :]]
    colour, opacity = drawn.permute(0, 1, 4, 2, 3).split([3, 1], dim=2)
    frames: Tensor = colour + (1 - opacity) * walled(ground)[:, None]
    return frames


def walled(ground: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
    """A ground with a darker rim.

    Shapes: kept.
    """
    rim = torch.ones(SIDE, SIDE)
    rim[WALL:-WALL, WALL:-WALL] = 0
    return ground * torch.where(rim > 0, WALL_LIGHT, 1.0)


def film_texts(sprite: Int[Tensor, "batch"], motion: Int[Tensor, "batch"]) -> Float[Tensor, "batch words text_dim"]:
    """The two tokens of each text: the sprite's name as the corpus knows it, and its motion.

    Shapes: (batch,) and (batch,) -> (batch, 2, 384).
    Units: entries about 1 in size.
    """
    names, rules = _words()
    return torch.stack([names[sprite], rules[motion]], dim=1)


def sprite_cutouts(sprite: Int[Tensor, "batch"]) -> Float[Tensor, "batch four side side"]:
    """The sprites as they are drawn, on nothing.

    Shapes: (batch,) -> (batch, 4, 10, 10).
    Units: colour times opacity, then opacity, from 0 to 1.
    """
    return _stock()[sprite][:, 1:-1, 1:-1].permute(0, 3, 1, 2)


@cache
def _stock() -> Tensor:
    """Every drawing of the corpus, 10 pixels wide with a rim of nothing: (concepts, 12, 12, 4)."""
    small = interpolate(cutouts(vendor="noto"), (SPRITE, SPRITE), mode="bilinear", align_corners=False, antialias=True)
    return pad(small, (1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous()


@cache
def _textures() -> Tensor:
    drawn: Tensor = interpolate(textures(GROUNDS, seed=0), (SIDE, SIDE), mode="area")
    return drawn


@cache
def _words() -> tuple[Tensor, Tensor]:
    names = text_features() * text_features().shape[1] ** 0.5
    return names, torch.randn(len(MOTIONS), names.shape[1], generator=torch.Generator().manual_seed(0))
