"""What the chapter says of the trained network is in the stored numbers, and they are the network's own."""

import pytest
import torch

from mmnotes.layers.samples import stored_samples
from tools.video_continuation import study as script


@pytest.fixture(scope="module")
def study():
    return stored_samples("mmnotes.video_continuation", "study.npz")


def test_two_given_frames_carry_the_sprite_on_and_one_does_not(study):
    for name in ("held out", "learned"):
        own, still = (study[name].at(way=way) for way in ("network", "stands still"))
        assert (own[1:, :, :2] < 0.7 * still[1:, :, :2]).all(), "each seed, two and four given, two frames"
        assert (own[0, :, :2] > 0.9 * still[0, :, :2]).all(), "one given"


def test_samples_differ_with_one_given_frame_and_agree_with_two(study):
    apart = study["spread"]
    one, two, four = (apart.at(given=given)[:, given] for given in (1, 2, 4))
    assert (one > 2 * two).all() and (one > 2 * four).all()


def test_the_time_of_each_frame_is_needed(study):
    broken = study["broken"]
    whole, without = (broken.at(way=way, after=1) for way in ("as trained", "no time per frame"))
    assert (without > 3 * whole).all()


def test_sprites_are_recognised_above_chance(study):
    named = study["recognised"]
    assert named.at(sprites="learned", source="network", after=1) > 10 / 32
    assert named.at(sprites="unseen", source="network", after=1) > 3 / 8
    assert named.at(source="truth").min() > 0.9


def test_films_of_the_lab_are_those_of_the_shipped_network(study):
    known = script.known_films(script.FILMS, seed=7)
    of = [(known.motion == kind).nonzero()[:, 0].tolist() for kind in range(3)]
    shown = script.chosen(known, [of[0][0], of[1][0], of[2][0], of[1][1]])
    assert (shown.places == study["true tracks"].stored).all()
    made = script.by_twos(script.pretrained_film_net(), shown, given=4, new=2, seed=0)
    assert (made[:, :4] == script.to_film_net(shown.pixels[:, :4])).all()
    stored = study["strips"].at(given=4)
    assert (stored[:, :6] - script.to_frames(made)).abs().mean() < 0.02


@pytest.mark.remeasured
@pytest.mark.parametrize(("way", "made"), [("network", script.drawn), ("two at a time", script.by_twos)])
def test_errors_are_the_networks_own(study, way, made):
    known = script.known_films(script.FILMS, seed=7)
    films = made(script.pretrained_film_net(), known, given=4, new=script.AFTER, seed=0)
    found = script.distance(script.places(known, films)[:, 4:], known.places[:, 4 : 4 + script.AFTER])
    stored = study["held out"].at(given=4, way=way, seed=0)
    torch.testing.assert_close(found, stored, rtol=0.1, atol=0.3)
