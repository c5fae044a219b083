"""Films of sprites: the rules of motion as a loop, what is drawn where, and what is held out."""

import pytest
import torch

from mmnotes.data import LEARNED, MOTIONS, UNSEEN, concept_index, is_held_out, moved, shown, sprite_films, walled
from mmnotes.data.sprites import FARTHEST, FRAMES, SPRITE, STEP, WALL


def films(count: int = 60, *, seed: int = 0, **more):
    return sprite_films(count, random=torch.Generator().manual_seed(seed), **more)


def stepped(place: list[int], speed: list[int], falls: bool, farthest: int) -> list[list[int]]:
    """The rule for one film, coordinate by coordinate."""
    places = [list(place)]
    for _ in range(FRAMES - 1):
        there = []
        for axis in range(2):
            at = places[-1][axis] + speed[axis]
            if at < 0 or at > farthest:
                at = -at if at < 0 else 2 * farthest - at
                speed[axis] = -speed[axis]
            there.append(at)
        speed[0] += falls
        places.append(there)
    return places


@pytest.mark.parametrize("step", [1, 2])
def test_places_follow_the_rule(step):
    known = films(step=step)
    assert (known.places % step == 0).all()
    for places, motion in zip((known.places // step).tolist(), known.motion.tolist(), strict=True):
        first = [b - a for a, b in zip(*places[:2], strict=True)]
        falls, room = MOTIONS[motion] == "falls", {"farthest": FARTHEST // step}
        one = (torch.tensor([places[0]]), torch.tensor([first]), torch.tensor([falls]))
        own = moved(*one, frames=FRAMES, **room)[0].tolist()
        assert own == stepped(places[0], first, falls, **room)


def test_a_sprite_stays_in_the_room_and_gliding_never_meets_a_wall():
    known = films(200)
    assert known.places.min() >= 0 and known.places.max() <= FARTHEST
    steps = known.places.diff(dim=1)
    glides, bounces, falls = (known.motion == kind for kind in range(3))
    assert (steps[glides] == steps[glides][:, :1]).all() and steps[glides].abs().amax() == STEP
    assert (steps[bounces] != steps[bounces][:, :1]).flatten(1).any(1).all(), "each meets a wall within ten frames"
    assert (steps[falls][:, 1:, 0] - steps[falls][:, :-1, 0] == STEP).float().mean() > 0.6


def test_frames_show_the_sprite_at_its_place_and_the_ground_elsewhere():
    known = films(8, textured=0.5)
    for film, places, ground in zip(known.pixels, known.places.tolist(), known.ground, strict=True):
        for frame, (row, column) in zip(film, places, strict=True):
            away = (frame - ground).abs().amax(0) > 1e-6
            rows, columns = away.nonzero().T
            assert rows.min() >= row + WALL and rows.max() < row + WALL + SPRITE
            assert columns.min() >= column + WALL and columns.max() < column + WALL + SPRITE
    flat, sprite = torch.full((1, 3, 32, 32), 0.3), torch.tensor([concept_index("fox")])
    here, there = (shown(sprite, torch.tensor([[place]]), flat)[0, 0] for place in ([3, 4], [4, 6]))
    torch.testing.assert_close(here.roll((1, 2), (1, 2))[:, 4:-4, 4:-4], there[:, 4:-4, 4:-4])


def test_the_wall_is_darker_than_its_ground():
    ground = torch.full((2, 3, 32, 32), 0.8)
    rim = walled(ground)
    assert (rim[..., 0, :] < 0.5).all() and (rim[..., :, -1] < 0.5).all() and (rim[..., 1:-1, 1:-1] == 0.8).all()


def test_held_out_speeds_are_never_learned():
    learned, held = films(400), films(400, seed=1, held_out=True)
    for known, wanted in ((learned, False), (held, True)):
        others = known.motion != MOTIONS.index("glides")
        first = (known.places[:, 1] - known.places[:, 0])[others] // STEP
        inside = ((known.places[:, 0] > 4) & (known.places[:, 0] < FARTHEST - 4)).all(1)[others]
        assert inside.sum() > 10 and (is_held_out(first[inside]) == wanted).all()


def test_unseen_sprites_are_others():
    assert not set(LEARNED) & set(UNSEEN)
    assert set(films(100).sprite.tolist()) <= {concept_index(label) for label in LEARNED}
    assert set(films(100, unseen=True).sprite.tolist()) <= {concept_index(label) for label in UNSEEN}


def test_a_seed_gives_the_same_films_and_texts_tell_sprite_and_motion_apart():
    one, two = films(30), films(30)
    assert (one.pixels == two.pixels).all() and (one.places == two.places).all()
    same_sprite = one.sprite[:, None] == one.sprite
    same_motion = one.motion[:, None] == one.motion
    alike = (one.text[:, None] - one.text).abs().amax(-1) == 0
    assert (alike[..., 0] == same_sprite).all() and (alike[..., 1] == same_motion).all()


@pytest.mark.parametrize("frames", [1, 3])
def test_films_may_be_shorter(frames):
    assert films(2, frames=frames).pixels.shape == (2, frames, 3, 32, 32)
