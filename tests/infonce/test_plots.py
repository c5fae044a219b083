"""The pictures of the chapter on InfoNCE show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from mmnotes.infonce import plots as infonce_plots
from mmnotes.page import ORANGE


@pytest.fixture
def figure():
    made = plt.figure()
    yield made
    plt.close(made)


def test_estimates(figure):
    axes = figure.subplots()
    infonce_plots.estimates(axes, [0, 5, 10], [0.1, 4, 6], [0.1, 0.2, 0.1], ceiling=6.5)
    diagonal, ceiling, dots, *_ = axes.lines
    assert list(diagonal.get_ydata()) == [0, 5, 10] and list(dots.get_ydata()) == [0.1, 4, 6]
    assert set(ceiling.get_ydata()) == {6.5} and ceiling.get_color() == ORANGE


def test_sweep_draws_the_means_of_each_start_in_its_colour(figure):
    scores = {"together": [[1, 3], [5, 7], [2, 2]], "apart": [[1, 1], [2, 4], [0, 2]]}
    gaps = {"together": [[0, 0], [0, 0], [0, 0]], "apart": [[1.5, 1.3], [1, 1], [0.5, 0.3]]}
    infonce_plots.sweep(figure, [0.1, 1, 10], scores, gaps)
    left, right = figure.axes
    lines = {line.get_label(): line for line in left.lines if not line.get_label().startswith("_")}
    assert {name: list(line.get_ydata()) for name, line in lines.items()} == {"together": [2, 6, 2], "apart": [1, 3, 1]}
    assert lines["apart"].get_color() == ORANGE != lines["together"].get_color()
    assert [list(line.get_ydata()) for line in right.lines if line.get_label() == "apart"] == [
        pytest.approx([1.4, 1, 0.4])
    ]


def test_clouds_show_every_point_and_shares_that_add_up_to_one(figure):
    images, texts = [[0.5, 0.1], [0.6, -0.1], [0.4, 0]], [[-0.5, 0.2], [-0.4, -0.2], [-0.6, 0]]
    infonce_plots.clouds(figure, images, texts, [0.31, 0.32, -0.4], np.linspace(-0.9, 0.9, 6))
    left, right = figure.axes
    assert [line.get_xydata().tolist() for line in left.lines] == [images, texts]
    others, pairs = ([bar.get_height() for bar in bars] for bars in right.containers)
    assert sum(others) == pytest.approx(1) and sum(pairs) == pytest.approx(1)
    assert max(pairs) == pytest.approx(2 / 3)


def test_nearest_frames_the_right_one_alone(figure):
    pictures = np.linspace(0, 1, 6 * 3 * 4 * 4).reshape(6, 3, 4, 4)
    for right in (4, None):
        figure.clear()
        infonce_plots.nearest(figure, pictures, list("abcdef"), right=right)
        assert [axes.get_title() for axes in figure.axes] == list("abcdef")
        framed = [axes.spines["top"].get_visible() for axes in figure.axes]
        assert framed == [place == right for place in range(6)]
        assert figure.axes[4].spines["left"].get_edgecolor() == to_rgba(ORANGE)
        assert np.array_equal(figure.axes[2].images[0].get_array(), pictures[2].transpose(1, 2, 0))


def test_guesses_show_cosines_probabilities_and_what_each_row_pays():
    pictures, cosines = np.zeros((2, 3, 4, 4)), [[0.5, -0.5], [0.25, 1]]
    odds = [[0.25, 0.75], [1 - np.exp(-9.0), np.exp(-9.0)]]
    for size, rows in (((5.6, 2.9), 1), ((3.3, 5.6), 2)):
        figure = plt.figure(figsize=size)
        infonce_plots.guesses(figure, pictures, ["a", "b"], cosines, odds)
        left, right = figure.axes
        assert left.get_gridspec().nrows == rows
        assert np.allclose(left.images[0].get_array(), cosines) and left.images[0].get_clim() == (-1, 1)
        assert np.allclose(right.images[0].get_array(), odds) and right.images[0].get_clim() == (0, 1)
        assert len(right.images) == 3 and [frame.get_xy() for frame in left.patches] == [(-0.5, -0.5), (0.5, 0.5)]
        short, full = (bar.get_width() for bar in right.patches[2:])
        assert short / full == pytest.approx(np.log(4) / infonce_plots.MOST_PAID), "a bar has room for so much"
        assert [text.get_text() for text in right.texts] == ["1.4", "9.0"]
        plt.close(figure)
