"""The pictures that several chapters share show the numbers that they are given."""

import numpy as np

from mmnotes.page.plots import GAP, mean_and_range, montage


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


def test_a_line_runs_through_the_means_inside_its_band(axes):
    first, second = np.array([[1.0, 3.0], [2.0, 6.0], [0.0, 1.0]]), np.ones((3, 2))
    mean_and_range(axes, [0, 1, 4], {"first": first, "second": second})
    assert np.array_equal(axes.lines[0].get_ydata(), [2, 4, 0.5]) and np.array_equal(
        axes.lines[0].get_xdata(), [0, 1, 4]
    )
    edge = axes.collections[0].get_paths()[0].vertices
    assert edge[:, 1].max() == 6 and edge[:, 1].min() == 0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["first", "second"]
