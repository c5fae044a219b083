"""The pictures of the chapter on zero convolutions show the numbers that they are given."""

import pytest

from mmnotes.page import ORANGE
from mmnotes.zero_conv import plots


def test_bars_end_at_their_sizes_and_zero_is_said_in_words(axes):
    plots.gradient_lengths(axes, {"one": 1e-3, "two": 0.0, "three": 2.0})
    ends = {bar.get_y() + bar.get_height() / 2: bar.get_x() + bar.get_width() for bar in axes.patches}
    assert ends == pytest.approx({0: 1e-3, 2: 2.0})
    assert {bar.get_x() for bar in axes.patches} == {plots.SMALLEST}
    (note,) = axes.texts
    assert note.get_text() == "exactly zero" and note.get_position()[1] == 1 and note.get_color() == ORANGE
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two", "three"]
    assert axes.get_xscale() == "log" and axes.yaxis_inverted()


def test_a_point_lies_over_the_agreement_of_its_nearest_outline(axes):
    plots.against_nearest(axes, [0.8, 0.9], {"scale 0": [0.5, 0.6], "scale 2": [0.95, 0.85]})
    points = {found.get_label(): found.get_offsets().tolist() for found in axes.collections}
    assert points == {"scale 0": [[0.8, 0.5], [0.9, 0.6]], "scale 2": [[0.8, 0.95], [0.9, 0.85]]}
    assert axes.get_xlabel() == "nearest learned outline" and axes.get_legend() is not None
    (diagonal,) = axes.lines
    assert diagonal.get_slope() == 1
