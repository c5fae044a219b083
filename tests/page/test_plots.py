"""The pictures that several chapters share show the numbers that they are given."""

import numpy as np

from mmnotes.page.plots import GAP, montage


def test_a_montage_puts_each_picture_in_its_place(axes):
    pictures = np.random.default_rng(0).random((2, 3, 3, 5, 7))
    montage(axes, pictures)
    shown = axes.images[0].get_array()
    gap, high, wide = GAP, 5 + 2 * GAP, 7 + 2 * GAP
    assert shown.shape == (2 * high, 3 * wide, 3)
    for row in range(2):
        for column in range(3):
            tile = shown[row * high + gap : (row + 1) * high - gap, column * wide + gap : (column + 1) * wide - gap]
            assert np.array_equal(tile.transpose(2, 0, 1), pictures[row, column])
    assert (shown[:gap] == 1).all() and (shown[high - gap : high + gap] == 1).all()
