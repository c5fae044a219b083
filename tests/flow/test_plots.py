"""The pictures of the chapter on flow matching show the numbers that they are given."""

import numpy as np

from mmnotes.flow import plots
from mmnotes.page import ORANGE


def test_points_end_in_orange_on_top_of_the_density(axes):
    tracks = np.linspace(-1, 1, 3 * 5 * 2).reshape(3, 5, 2)
    density = np.arange(12.0).reshape(3, 4)
    plots.cloud(axes, density, tracks, reach=3)
    assert np.array_equal(axes.images[0].get_array(), density) and list(axes.images[0].get_extent()) == [-3, 3, -3, 3]
    assert axes.images[0].origin == "lower", "upwards is upwards for density and points"
    *ways, ends = axes.lines
    assert len(ways) == 5 and ends.get_color() == ORANGE
    assert np.array_equal(np.stack(ends.get_data(), 1), tracks[-1])
    assert np.array_equal(np.stack(ways[2].get_data(), 1), tracks[:, 2])


def test_centres_lie_under_the_points(axes):
    centres = np.array([[0.0, 1.0], [2.0, -1.0]])
    plots.tracks(axes, np.zeros((2, 3, 2)), centres, reach=2.5)
    assert np.array_equal(np.stack(axes.lines[0].get_data(), 1), centres)
    assert axes.lines[0].zorder < axes.lines[-1].zorder
