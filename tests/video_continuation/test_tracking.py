"""The tracker finds a sprite where it was put."""

import pytest
import torch

from mmnotes.data import sprite_cutouts, sprite_films
from mmnotes.video_continuation import tracked


def test_places_of_films_are_found_also_through_noise():
    known = sprite_films(12, random=torch.Generator().manual_seed(0), textured=0.3, frames=4)
    sprites = sprite_cutouts(known.sprite)
    assert (tracked(known.pixels, sprites, known.ground, wall=1) == known.places).all()
    noisy = known.pixels + 0.05 * torch.randn(known.pixels.shape, generator=torch.Generator().manual_seed(1))
    off = (tracked(noisy, sprites, known.ground, wall=1) - known.places).abs().amax(-1)
    assert (off == 0).float().mean() > 0.9


def test_it_is_the_place_of_least_error_by_a_loop():
    random = torch.Generator().manual_seed(0)
    frame, ground = torch.rand(1, 1, 3, 8, 9, generator=random), torch.rand(1, 3, 8, 9, generator=random)
    sprite = torch.rand(1, 4, 3, 3, generator=random)
    sprite[:, :3] *= sprite[:, 3:]
    losses = {}
    for row in range(4):
        for column in range(5):
            laid = ground[0].clone()
            square = laid[:, row + 1 : row + 4, column + 1 : column + 4]
            square.copy_(sprite[0, :3] + (1 - sprite[0, 3:]) * square)
            losses[row, column] = (frame[0, 0] - laid).square().sum().item()
    found = tracked(frame, sprite, ground, wall=1)[0, 0].tolist()
    assert tuple(found) == min(losses, key=losses.__getitem__)


@pytest.mark.parametrize("wall", [-1, 3])
def test_a_sprite_has_to_fit(wall):
    with pytest.raises(ValueError, match=f"wall must leave room for a sprite 3 wide, got {wall} in 8 x 8"):
        tracked(torch.zeros(1, 1, 3, 8, 8), torch.zeros(1, 4, 3, 3), torch.zeros(1, 3, 8, 8), wall=wall)
