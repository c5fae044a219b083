"""The pictures of the chapter on Qwen3-VL show the numbers that they are given."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from mmnotes.page import BLUE, GREEN, ORANGE
from mmnotes.qwen3_vl import plots


def test_what_nobody_reads_is_pale_and_what_is_read_most_is_as_it_was(axes):
    picture, weights = torch.zeros(3, 4, 4), torch.tensor([[0.0, 0.1], [0.2, 0.05]])
    plots.read_board(axes, picture, weights)
    shown = np.asarray(axes.images[0].get_array())
    assert shown.shape == (4, 4, 3)
    assert shown[2:, :2].max() == 0 and shown[:2, :2] == pytest.approx(plots.WASHED)
    assert shown[:2, 2:] == pytest.approx(plots.WASHED / 2)


def test_a_picture_of_which_nothing_is_read_is_pale_all_over(axes):
    plots.read_board(axes, torch.zeros(3, 4, 4), torch.zeros(2, 2))
    assert np.asarray(axes.images[0].get_array()) == pytest.approx(plots.WASHED)


def test_the_right_answer_is_green_and_bars_are_as_long_as_chances(axes):
    chances = {"whole": torch.tensor([0.7, 0.2]), "no picture": [0.1, 0.4]}
    plots.answers(axes, ["dog", "cat"], chances, right="cat")
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.7, 0.2, 0.1, 0.4])
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [BLUE, GREEN] * 2
    assert [text.get_text() for text in axes.get_yticklabels()] == ["dog", "cat"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(chances)
    assert axes.yaxis_inverted()


def test_one_set_of_answers_needs_no_legend(axes):
    plots.answers(axes, ["dog"], {"": [1.0]}, right="dog")
    assert axes.get_legend() is None and axes.patches[0].get_alpha() == 1


def test_accuracies_are_means_with_a_dot_for_each_seed(axes):
    shares = {"as it is": np.array([[0.9, 0.7], [0.5, 0.3]]), "no picture": np.array([[0.1, 0.3], [0.2, 0.2]])}
    plots.accuracies(axes, ["side", "count"], shares, constant=[0.05, 0.4])
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([0.8, 0.4, 0.2, 0.2])
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [BLUE, BLUE, ORANGE, ORANGE]
    dots = [line.get_ydata().tolist() for line in axes.lines if line.get_marker() == "."]
    assert dots == [[0.9, 0.5], [0.7, 0.3], [0.1, 0.2], [0.3, 0.2]]
    assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"] == [0.05, 0.4]


def test_an_account_has_two_bars_a_row(axes):
    plots.weights_by_row(axes, ["attention", "head"], [6.7, 0.6], [6.7, 0.1])
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([6.7, 0.6, 6.7, 0.1])
    assert axes.get_xscale() == "log" and len(axes.get_legend().get_texts()) == 2
