"""The layers that start at zero, and what brings a hint to them."""

import pytest
import torch
from torch import nn

from mmnotes.zero_conv import HintEncoder, ZeroTaps, zero_


@pytest.mark.parametrize(("widths", "small"), [((7,), (12, 20)), ((3, 5), (6, 10)), ((3, 5, 2), (3, 5))])
def test_the_hint_encoder_halves_the_grid_between_widths(widths, small):
    encoder = HintEncoder(channels=2, widths=widths, out=17)
    assert encoder(torch.randn(3, 2, 12, 20)).shape == (3, 17, *small)


def test_zero_is_zero_in_place():
    layer = nn.Conv2d(3, 5, 3)
    assert zero_(layer) is layer and all((parameter == 0).all() for parameter in layer.parameters())


def test_a_tap_is_one_matrix_for_all_pixels():
    taps = ZeroTaps(channels=[3]).double()
    for parameter in taps.parameters():
        nn.init.normal_(parameter)
    random = torch.Generator().manual_seed(0)
    h = torch.randn(2, 3, 5, 7, generator=random, dtype=torch.float64)
    (found,) = taps([h])
    for b in range(2):
        for i in range(5):
            for j in range(7):
                for c in range(3):
                    total = taps[0].bias[c].item()
                    for k in range(3):
                        total += taps[0].weight[c, k, 0, 0].item() * h[b, k, i, j].item()
                    assert abs(found[b, c, i, j].item() - total) < 1e-12


def test_widths_are_needed():
    with pytest.raises(ValueError, match="widths must name at least one width, got none"):
        HintEncoder(channels=3, widths=(), out=5)


def test_features_match_the_taps():
    with pytest.raises(ValueError, match="features must be 2, one for each convolution, got 1"):
        ZeroTaps(channels=[3, 5])([torch.randn(1, 3, 2, 2)])


@pytest.mark.parametrize(("size", "multiple"), [((3, 15, 16), 2), ((3, 16, 18), 4)])
def test_a_hint_can_be_halved(size, multiple):
    """15 pixels would come out on the grid of 16."""
    encoder = HintEncoder(channels=3, widths=(5,) + (7,) * (multiple // 2), out=11)
    with pytest.raises(ValueError, match=f"multiples of {multiple}, got {size[1]} x {size[2]}"):
        encoder(torch.zeros(2, *size))


def test_a_hint_has_the_channels_of_its_encoder():
    with pytest.raises(ValueError, match="hint must have 3 channels, got 1"):
        HintEncoder(channels=3, widths=(5,), out=7)(torch.zeros(2, 1, 8, 8))
