"""Brightness as pictures without colour have it."""

import numpy as np
import torch
from PIL import Image

from mmnotes.layers.colours import luma


def test_it_is_what_a_picture_without_colour_shows():
    pixels = torch.randint(256, (2, 3, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = luma(pixels.double())
    for each, own in zip(pixels, found, strict=True):
        grey = np.array(Image.fromarray(each.permute(1, 2, 0).numpy()).convert("L"))
        assert np.abs(own[0].numpy() - grey).max() <= 1, "which is rounded"


def test_a_grey_stays_what_it_is():
    grey = torch.rand(3, 1, 2, 5, dtype=torch.float64)
    torch.testing.assert_close(luma(grey.expand(-1, 3, -1, -1)), grey, rtol=0, atol=1e-12)
