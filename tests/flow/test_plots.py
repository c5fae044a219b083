"""The pictures of the chapter on flow matching show the numbers that they are given."""

import numpy as np
from matplotlib.figure import Figure

from mmnotes.flow import plots
from mmnotes.page import ORANGE
from mmnotes.page.plots import GAP


def test_a_leap_stands_below_the_sample_that_it_starts_from():
    random, figure = np.random.default_rng(0), Figure()
    points, leaps = random.random((2, 3, 3, 5, 7))
    plots.way(figure, points, leaps)
    for axes, row, what in zip(figure.axes, (points, leaps), ("on its way", "leap"), strict=True):
        shown, wide = axes.images[0].get_array(), 7 + 2 * GAP
        for place in range(3):
            tile = shown[GAP:-GAP, place * wide + GAP : (place + 1) * wide - GAP]
            assert np.array_equal(tile, row[place].transpose(1, 2, 0))
        assert what in axes.get_title() + axes.get_title(loc="left")


def test_points_end_in_orange_on_top_of_the_density(axes):
    tracks = np.linspace(-1, 1, 3 * 5 * 2).reshape(3, 5, 2)
    density = np.zeros((7, 9))
    density[5, 2] = 3.0
    plots.cloud(axes, density, tracks, reach=3)
    (shades,) = axes.collections
    assert shades.levels[-1] == 3 and np.isclose(shades.levels[0], 0.15), "what is nearly empty stays white"
    inside = shades.get_paths()[-1].vertices
    assert np.allclose(inside.mean(0), [-1.5, 2], atol=0.2), "upwards is upwards for density and points"
    *ways, ends = axes.lines
    assert len(ways) == 5 and ends.get_color() == ORANGE
    assert np.array_equal(np.stack(ends.get_data(), 1), tracks[-1])
    assert np.array_equal(np.stack(ways[2].get_data(), 1), tracks[:, 2])


def test_each_row_of_samples_is_named_and_the_drawings_are_the_last(axes):
    random = np.random.default_rng(0)
    samples, nearest = random.random((2, 3, 3, 5, 5)), random.random((3, 3, 5, 5))
    plots.guidance(axes, samples, [0.0, 3.0], nearest)
    assert [text.get_text() for text in axes.texts] == ["$w$ = 0", "$w$ = 3", "nearest"]
    heights = [text.get_position()[1] for text in axes.texts]
    assert np.allclose(heights, [5 / 6, 3 / 6, 1 / 6])
    shown, side = axes.images[0].get_array(), 5 + 2 * GAP
    tile = shown[2 * side + GAP : 3 * side - GAP, side + GAP : 2 * side - GAP]
    assert np.array_equal(tile, nearest[1].transpose(1, 2, 0))


def test_centres_lie_under_the_points(axes):
    centres = np.array([[0.0, 1.0], [2.0, -1.0]])
    plots.tracks(axes, np.zeros((2, 3, 2)), centres, reach=2.5)
    assert np.array_equal(np.stack(axes.lines[0].get_data(), 1), centres)
    assert axes.lines[0].zorder < axes.lines[-1].zorder
