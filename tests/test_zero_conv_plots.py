"""The pictures of the chapter on zero convolutions show the numbers that they are given."""

import numpy as np
import pytest

from mmnotes.page import ORANGE, zero_conv_plots


def test_bars_end_at_their_sizes_and_zero_is_said_in_words(axes):
    zero_conv_plots.wake(axes, {"one": 1e-3, "two": 0.0, "three": 2.0})
    ends = {bar.get_y() + bar.get_height() / 2: bar.get_x() + bar.get_width() for bar in axes.patches}
    assert ends == pytest.approx({0: 1e-3, 2: 2.0})
    assert {bar.get_x() for bar in axes.patches} == {zero_conv_plots.SMALLEST}
    (note,) = axes.texts
    assert note.get_text() == "exactly zero" and note.get_position()[1] == 1 and note.get_color() == ORANGE
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two", "three"]
    assert axes.get_xscale() == "log" and axes.yaxis_inverted()


def test_a_line_runs_through_the_means_inside_its_band(axes):
    first, second = np.array([[1.0, 3.0], [2.0, 6.0], [0.0, 1.0]]), np.ones((3, 2))
    zero_conv_plots.spans(axes, [0, 1, 4], {"first": first, "second": second})
    assert np.array_equal(axes.lines[0].get_ydata(), [2, 4, 0.5]) and np.array_equal(
        axes.lines[0].get_xdata(), [0, 1, 4]
    )
    edge = axes.collections[0].get_paths()[0].vertices
    assert edge[:, 1].max() == 6 and edge[:, 1].min() == 0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["first", "second"]
