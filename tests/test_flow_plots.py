"""The pictures of the chapter on flow matching show the numbers that they are given."""

import numpy as np

from mmnotes.page import ORANGE, flow_plots


def test_points_end_in_orange_on_top_of_the_density(axes):
    tracks = np.linspace(-1, 1, 3 * 5 * 2).reshape(3, 5, 2)
    density = np.arange(12.0).reshape(3, 4)
    flow_plots.cloud(axes, density, tracks, reach=3)
    assert np.array_equal(axes.images[0].get_array(), density) and list(axes.images[0].get_extent()) == [-3, 3, -3, 3]
    assert axes.images[0].origin == "lower", "upwards is upwards for density and points"
    *ways, ends = axes.lines
    assert len(ways) == 5 and ends.get_color() == ORANGE
    assert np.array_equal(np.stack(ends.get_data(), 1), tracks[-1])
    assert np.array_equal(np.stack(ways[2].get_data(), 1), tracks[:, 2])


def test_centres_lie_under_the_points(axes):
    centres = np.array([[0.0, 1.0], [2.0, -1.0]])
    flow_plots.tracks(axes, np.zeros((2, 3, 2)), centres, reach=2.5)
    assert np.array_equal(np.stack(axes.lines[0].get_data(), 1), centres)
    assert axes.lines[0].zorder < axes.lines[-1].zorder


def test_a_montage_puts_each_picture_in_its_place(axes):
    pictures = np.random.default_rng(0).random((2, 3, 3, 5, 7))
    flow_plots.montage(axes, pictures)
    shown = axes.images[0].get_array()
    gap, high, wide = flow_plots.GAP, 5 + 2 * flow_plots.GAP, 7 + 2 * flow_plots.GAP
    assert shown.shape == (2 * high, 3 * wide, 3)
    for row in range(2):
        for column in range(3):
            tile = shown[row * high + gap : (row + 1) * high - gap, column * wide + gap : (column + 1) * wide - gap]
            assert np.array_equal(tile.transpose(2, 0, 1), pictures[row, column])
    assert (shown[:gap] == 1).all() and (shown[high - gap : high + gap] == 1).all()
