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


def test_sweep_marks_the_chosen_setting_in_both(figure):
    infonce_plots.sweep(figure, [0.1, 1, 10], [[1, 3], [5, 7], [2, 2]], [3, 2, 1], [-1, -2, -3], chosen=1)
    left, right = (axes.lines[-1] for axes in figure.axes)
    assert (left.get_xdata(), left.get_ydata()) == (pytest.approx([1]), pytest.approx([6]))
    assert (right.get_xdata(), right.get_ydata()) == (pytest.approx([2]), pytest.approx([-2]))
    assert left.get_color() == right.get_color() == ORANGE


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


def test_matrices_share_one_scale(figure):
    infonce_plots.matrices(figure, {"before": np.zeros((2, 2)), "after": np.eye(2)})
    before, after = (axes.images[0] for axes in figure.axes[:2])
    assert before.get_clim() == after.get_clim()
    assert np.array_equal(after.get_array(), np.eye(2))
