"""The pictures of the chapter on decoupled attention show the numbers that they are given."""

import numpy as np
from matplotlib.figure import Figure

from mmnotes.decoupled_attention import plots
from mmnotes.page import ORANGE


def test_the_histogram_counts_every_query_and_marks_what_is_expected(axes):
    plots.shares(axes, [0.01, 0.51, 0.52, 0.99], expected=0.4)
    heights = [bar.get_height() for bar in axes.patches]
    assert sum(heights) == 4 and heights[0] == 1 and heights[-1] == 1 and max(heights) == 2
    (line,) = axes.lines
    assert line.get_color() == ORANGE and list(line.get_xdata()) == [0.4, 0.4]


def test_picture_text_and_samples_stand_side_by_side():
    generator, figure = np.random.default_rng(0), Figure()
    shown, drawn = generator.random((3, 5, 7)), generator.random((4, 3, 5, 7))
    plots.prompt_and_samples(figure, shown, "red apple", drawn)
    left, right = figure.axes
    gap = (left.images[0].get_array().shape[0] - 5) // 2
    assert np.array_equal(left.images[0].get_array()[gap:-gap, gap:-gap], shown.transpose(1, 2, 0))
    wide = 7 + 2 * gap
    rows = right.images[0].get_array().reshape(2, 5 + 2 * gap, 2 * wide, 3)
    for place in range(4):
        across = place % 2 * wide
        tile = rows[place // 2, gap:-gap, across + gap : across + wide - gap]
        assert np.array_equal(tile, drawn[place].transpose(1, 2, 0))
    assert "red apple" in right.get_title(loc="left") + right.get_title()


def test_curves_are_means_within_the_range_of_the_seeds(axes):
    values = {"picture": np.array([[0.1, 0.2, 0.3], [0.5, 0.7, 0.6]]), "text": np.array([[0.9] * 3, [0.4] * 3])}
    plots.adherence(axes, [0.0, 1.0], values, chance=0.08)
    first, second, chance = axes.lines
    assert np.allclose(first.get_ydata(), [0.2, 0.6]) and np.allclose(second.get_ydata(), [0.9, 0.4])
    assert list(first.get_xdata()) == [0, 1] and chance.get_ydata()[0] == 0.08
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 0.1 and band[:, 1].max() == 0.7
    assert [each.get_text() for each in axes.get_legend().get_texts()] == ["picture", "text"]
