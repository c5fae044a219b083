"""The film generator: its scaling, its size, and that what it keeps of clean frames is exact."""

import pytest
import torch
from torch import nn

from mmnotes.layers.film_transformer import FilmTransformer
from mmnotes.models.film_generator import SPREAD, FilmNet, to_film_net, to_frames, untrained_film_net


def tiny() -> FilmNet:
    torch.manual_seed(0)
    size = {"dim": 16, "depth": 2, "heads": 2, "hidden": 24, "text_dim": 5, "time_dim": 8, "frequencies": 6}
    return FilmNet(FilmTransformer(channels=3, patch=2, **size)).requires_grad_(False)


def test_the_network_has_two_million_numbers():
    assert sum(each.numel() for each in untrained_film_net().parameters()) == 2_008_624


def test_pixels_go_in_and_come_back():
    pixels = torch.rand(2, 3, 4)
    torch.testing.assert_close(to_frames(to_film_net(pixels)), pixels)
    assert to_frames(torch.tensor(9.0)) == 1 and to_film_net(torch.tensor(0.5)) == 0


@pytest.mark.parametrize("time", [0.1, 0.5, 1.0])
def test_a_silent_network_gives_the_best_linear_guess(time):
    network, random = tiny(), torch.Generator().manual_seed(0)
    nn.init.zeros_(network.transformer.last.weight)
    nn.init.zeros_(network.transformer.last.bias)
    data = SPREAD * torch.randn(32, 2, 3, 16, 16, generator=random)
    noise = torch.randn(data.shape, generator=random)
    x = (1 - time) * data + time * noise
    velocity = network(x, torch.full((32, 2), time), torch.zeros(32, 1, 5), n_cond=0)
    best = ((noise - data) * x).sum() / x.square().sum()
    torch.testing.assert_close(velocity, best * x, rtol=0, atol=0.04)
    left = (noise - data - velocity).std().item()
    assert abs(left - SPREAD / (time**2 + ((1 - time) * SPREAD) ** 2) ** 0.5) < 0.01


def test_what_is_kept_of_clean_frames_is_exact():
    network, x = tiny(), torch.randn(2, 5, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    t, text = torch.tensor([0, 0, 0.8, 0.8, 0.8]).expand(2, -1), torch.randn(2, 3, 5)
    whole = network(x, t, text, n_cond=2)[:, 2:]
    late = network(x[:, 2:], t[:, 2:], text, n_cond=0, kept=network.keep(x[:, :2]))
    torch.testing.assert_close(late, whole, rtol=0, atol=1e-5)
