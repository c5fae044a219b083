"""Continuation: kept equals anew, a round of a long film is a continuation, and what would be wrong is."""

import pytest
import torch

from mmnotes.layers.film_transformer import FilmTransformer
from mmnotes.models.film_generator import FilmNet
from mmnotes.video_continuation import continued, continued_anew, long_film

TIMES = torch.tensor([1.0, 0.8, 0.4, 0.0])


def tiny() -> FilmNet:
    torch.manual_seed(0)
    size = {"dim": 16, "depth": 2, "heads": 2, "hidden": 24, "text_dim": 5, "time_dim": 8, "frequencies": 6}
    network = FilmNet(FilmTransformer(channels=3, patch=2, **size)).requires_grad_(False)
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return network


def given(known: int = 3, new: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    clean, noise = (torch.randn(2, frames, 3, 4, 6, generator=random) for frames in (known, new))
    return clean, torch.randn(2, 3, 5, generator=random), noise


@pytest.mark.parametrize("known", [0, 1, 3])
def test_what_is_kept_changes_nothing(known):
    network, (clean, text, noise) = tiny(), given(known)
    found = continued(network, clean, text, noise, TIMES)
    torch.testing.assert_close(found, continued_anew(network, clean, text, noise, TIMES), rtol=1e-4, atol=1e-4)
    assert found.shape == (2, known + 4, 3, 4, 6) and (found[:, :known] == clean).all()


def test_it_is_eulers_method():
    network, (clean, text, noise) = tiny(), given()
    x = noise.double()
    for now, then in ((1.0, 0.8), (0.8, 0.4), (0.4, 0.0)):
        film, t = torch.cat([clean, x.float()], dim=1), torch.full((2, 7), now)
        t[:, :3] = 0
        x = x + (then - now) * network(film, t, text, n_cond=3)[:, 3:].double()
    found = continued(network, clean, text, noise, TIMES)[:, 3:]
    torch.testing.assert_close(found, x.float(), rtol=1e-4, atol=1e-4)


def test_where_clean_frames_read_noisy_ones_keeping_is_wrong():
    """With bidirectional attention the same cache gives another film."""
    network, (clean, text, noise) = tiny(), given()
    t = torch.tensor([0.0] * 3 + [0.8] * 4).expand(2, -1)
    all_see_all = network(torch.cat([clean, noise], dim=1), t, text, n_cond=0)[:, 3:]
    kept = network(noise, t[:, 3:], text, n_cond=0, kept=network.keep(clean))
    assert (all_see_all - kept).abs().max() > 0.01


def test_a_long_film_is_continued_from_its_last_frames():
    network, (clean, text, _) = tiny(), given()
    more = {"given": 2, "new": 3, "times": TIMES}
    film = long_film(network, clean, text, rounds=2, random=torch.Generator().manual_seed(5), **more)
    assert film.shape == (2, 9, 3, 4, 6) and (film[:, :3] == clean).all()
    random = torch.Generator().manual_seed(5)
    first, second = (torch.randn(2, 3, 3, 4, 6, generator=random) for _ in range(2))
    start = continued(network, clean[:, 1:], text, first, TIMES)
    torch.testing.assert_close(film[:, 3:6], start[:, 2:])
    torch.testing.assert_close(film[:, 6:], continued(network, film[:, 4:6], text, second, TIMES)[:, 2:])


def test_bad_numbers_are_named():
    network, (clean, text, _) = tiny(), given()
    random = torch.Generator()
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=f"given must be from 1 to 3, the frames of clean, got {wrong}"):
            long_film(network, clean, text, rounds=1, given=wrong, new=1, times=TIMES, random=random)
    with pytest.raises(ValueError, match="new must be at least 1, got 0"):
        long_film(network, clean, text, rounds=1, given=1, new=0, times=TIMES, random=random)
