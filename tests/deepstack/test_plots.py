"""The pictures of the chapter on DeepStack show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.deepstack import plots
from mmnotes.page import BLUE, ORANGE


@pytest.fixture
def figure():
    made = plt.figure(figsize=(5.2, 2.5))
    yield made
    plt.close(made)


def test_pictures_stand_side_by_side_under_their_titles(figure):
    pictures = [np.full((3, 4, 5), 0.25), np.full((3, 4, 5), 7.0)]
    plots.pair(figure, pictures, ["one", "other"])
    shown = [axes.images[0].get_array() for axes in figure.axes]
    assert [each.shape for each in shown] == [(4, 5, 3)] * 2 and shown[0].max() == 0.25 and shown[1].max() == 1
    assert [axes.get_title() for axes in figure.axes] == ["one", "other"]


def test_what_has_not_moved_is_white_and_the_chosen_row_lies_over_the_picture(figure):
    moved = np.zeros((3, 2 + 6 + 1))
    moved[1, 2:8], moved[2, 8] = [0, 1, 2, 3, 4, 999], 0.001
    plots.arrivals(figure, np.zeros((3, 4, 6)), moved, index=1, rows=2, words=(2, 1))
    left, right = figure.axes
    shades = right.images[0].get_alpha()
    assert ((shades > 0) == (moved > 0)).all() and shades[1, 7] == 1 and 0.1 <= shades[2, 8] < 0.11
    over = left.images[1].get_alpha()
    assert over.shape == (4, 6) and (over[:2, :2] == 0).all() and (over[2:, 4:] == 1).all()
    assert (np.diff(over[0, ::2]) > 0).all() and right.patches[0].get_y() == 0.5


def test_points_stand_at_their_numbers_and_their_names_beside_them(axes):
    points = {"tokens": (128, [0.2, 0.3], "right"), "colours": (12, [0.5], "left")}
    plots.readable(axes, ([8, 512], [0.4, 1.0]), points)
    bound, tokens, colours = axes.lines
    assert bound.get_ydata().tolist() == [0.4, 1.0] and list(tokens.get_xdata()) == [128, 128]
    assert tokens.get_color() == BLUE and colours.get_color() == ORANGE and list(tokens.get_ydata()) == [0.2, 0.3]
    assert [text.get_text() for text in axes.texts] == ["tokens", "colours"] and axes.texts[0].xy == (128, 0.25)


def test_each_line_is_its_values_over_the_layers(axes):
    plots.by_layer(axes, {"one": [0.1, 0.2, 0.3], "other": [0.3, 0.2, 0.1]})
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]]
    assert axes.get_xticks().tolist() == [0, 1, 2] and [line.get_label() for line in axes.lines] == ["one", "other"]


def test_shares_stand_in_their_cells_and_none_is_below_zero(axes):
    plots.shares(axes, [[0.1, -0.004], [0.55, 0.2]], rows=["a", "b"], columns=["c", "d"])
    written = {text.get_position(): (text.get_text(), text.get_color()) for text in axes.texts}
    assert written[(1, 0)] == ("0.00", "black") and written[(0, 1)] == ("0.55", "white")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
