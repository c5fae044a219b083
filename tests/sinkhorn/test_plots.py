"""The pictures of the chapter on Sinkhorn-Knopp show the numbers that they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmnotes.page.palette import BLUE, ORANGE
from mmnotes.sinkhorn import plots


@pytest.fixture
def figure():
    return Figure(figsize=(7, 3.6))


def test_matrix_with_sums_shows_the_matrix_and_both_sums(figure):
    matrix, labels = np.arange(6.0).reshape(2, 3), (["a", "b"], ["1", "2", "3"])
    plots.matrix_with_sums(figure, matrix, masses=(7, 5), labels=labels)
    panels = {axes.get_title(loc="left") or axes.get_title(): axes for axes in figure.axes}
    middle = next(axes for axes in figure.axes if axes.images)
    assert np.array_equal(middle.images[0].get_array(), matrix)
    assert [text.get_text() for text in middle.texts] == ["0.00", "1.00", "2.00", "3.00", "4.00", "5.00"]
    named = [[tick.get_text() for tick in ticks] for ticks in (middle.get_yticklabels(), middle.get_xticklabels())]
    assert named == [["a", "b"], ["1", "2", "3"]]
    assert [bar.get_height() for bar in panels["column sums"].patches] == [3, 5, 7]
    assert [bar.get_width() for bar in panels["row sums"].patches] == [3, 12]
    assert panels["column sums"].lines[0].get_ydata()[0] == 5 and panels["row sums"].lines[0].get_xdata()[0] == 7


def test_loads_shows_bars_wanted_lines_and_earlier_bars(figure):
    axes = figure.subplots()
    plots.loads(axes, [3.0, 1.0], [2.0, 2.5], pictures=np.zeros((2, 8, 8)), before=[4.0, 0.0])
    assert [bar.get_height() for bar in axes.patches] == [4, 0, 3, 1]
    assert [segment[0][1] for segment in axes.collections[0].get_segments()] == [2, 2.5]


def test_convergence_draws_dots_first_and_lines_last(figure):
    axes = figure.subplots()
    plots.convergence(axes, [1, 2], {"a": [0.1, 0.01], "b": [0.2, 0.1]}, {"c": [0.3, 0.1]})
    assert [line.get_label() for line in axes.lines] == ["a", "b", "c"]
    assert [line.get_color() for line in axes.lines] == [BLUE, "0.6", ORANGE] and axes.get_yscale() == "log"
