"""Where a sprite is: the place at which it and its ground explain a frame best."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def tracked(
    frames: Float[Tensor, "batch frames channels height width"],
    sprites: Float[Tensor, "batch four side side"],
    grounds: Float[Tensor, "batch channels height width"],
    *,
    wall: int,
) -> Int[Tensor, "batch frames 2"]:
    """Row and column of the sprite's upper left corner in each frame, counted from the wall.

    Each place is scored by how much smaller the squared error under the sprite's square is with the sprite laid on the
    ground than with the ground alone. The ground has to stand still.

    Shapes: frames (batch, frames, 3, height, width), sprites (batch, 4, side, side), colour times opacity and then
    opacity, grounds (batch, 3, height, width) -> (batch, frames, 2).
    Units: pixels.
    Errors: ValueError where the sprite does not fit between the walls.
    """
    side, (height, width) = sprites.shape[-1], grounds.shape[-2:]
    rows, columns = height - 2 * wall - side + 1, width - 2 * wall - side + 1
    if wall < 0 or min(rows, columns) < 1:
        raise ValueError(f"wall must leave room for a sprite {side} wide, got {wall} in {height} x {width}")
    inside = (..., slice(wall, height - wall), slice(wall, width - wall))
    ground = _squares(grounds[inside], side)[:, None]
    opaque = sprites[:, None, 3:, None, None]
    shown = sprites[:, None, :3, None, None] + (1 - opaque) * ground
    seen = _squares(frames[inside], side)
    gained = (seen - shown).square() - (seen - ground).square()
    best = gained.sum((2, -1, -2)).flatten(2).argmin(2)
    return torch.stack([best // columns, best % columns], dim=2)


def _squares(pictures: Tensor, side: int) -> Tensor:
    """Every square (..., rows, columns, side, side) of pictures (..., height, width)."""
    return pictures.unfold(-2, side, 1).unfold(-2, side, 1)
