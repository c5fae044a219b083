"""The pictures that several chapters share show the numbers that they are given."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.page import BLUE, GREEN, ORANGE
from mmnotes.page.plots import GAP, few_shades, mean_and_range, montage, two_panels, ways_and_seeds


def test_a_montage_puts_each_picture_in_its_place(axes):
    pictures = np.random.default_rng(0).random((2, 3, 3, 5, 7))
    montage(axes, pictures)
    shown = axes.images[0].get_array()
    gap, high, wide = GAP, 5 + 2 * GAP, 7 + 2 * GAP
    assert shown.shape == (2 * high, 3 * wide, 3)
    for row in range(2):
        for column in range(3):
            tile = shown[row * high + gap : (row + 1) * high - gap, column * wide + gap : (column + 1) * wide - gap]
            assert np.array_equal(tile.transpose(2, 0, 1), pictures[row, column])
    assert (shown[:gap] == 1).all() and (shown[high - gap : high + gap] == 1).all()


def test_few_shades_are_the_nearest_of_six():
    values = np.linspace(0, 1, 1001)
    found = few_shades(values)
    np.testing.assert_allclose(np.unique(found), np.linspace(0, 1, 6))
    assert np.abs(found - values).max() < 0.1 + 1e-9


def test_two_panels_are_beside_each_other_or_each_as_wide_as_the_figure():
    wide, narrow = (plt.figure(figsize=size, layout="constrained") for size in ((6.4, 2.7), (4.2, 4.6)))
    left, right = two_panels(wide, heights=(3, 2), widths=(2, 1))
    upper, lower = two_panels(narrow, heights=(3, 2), widths=(2, 1))
    lower.set_yticks([0.5], ["a long name"])
    upper.axis("off")
    boxes = []
    for figure, panels in ((wide, (left, right)), (narrow, (upper, lower))):
        figure.canvas.draw()
        boxes.append([each.get_window_extent() for each in panels])
        plt.close(figure)
    (first, second), (above, below) = boxes
    assert first.x1 < second.x0 and first.width > 1.5 * second.width
    assert above.y0 > below.y1 and above.height > below.height and above.x0 < below.x0 / 2


def test_a_line_runs_through_the_means_inside_its_band(axes):
    first, second = np.array([[1.0, 3.0], [2.0, 6.0], [0.0, 1.0]]), np.ones((3, 2))
    mean_and_range(axes, [0, 1, 4], {"first": first, "second": second})
    assert np.array_equal(axes.lines[0].get_ydata(), [2, 4, 0.5]) and np.array_equal(
        axes.lines[0].get_xdata(), [0, 1, 4]
    )
    edge = axes.collections[0].get_paths()[0].vertices
    assert edge[:, 1].max() == 6 and edge[:, 1].min() == 0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["first", "second"]


@pytest.mark.parametrize(("size", "rows"), [((6.4, 2.8), 1), ((4.2, 5.6), 2)])
def test_a_way_has_a_dot_for_each_seed_and_the_chosen_one_is_blue(size, rows):
    figure = plt.figure(figsize=size)
    random = np.random.default_rng(0)
    names = ["all", "no KoLeo", "one head"]
    measures = {measure: {name: random.random(3) for name in names} for measure in ("AUC", "line", "lift")}
    measures["AUC"]["one head"][1:] = np.nan
    baselines = {"AUC": {"chance": 0.5, "random weights": 0.4}, "line": {"chance": 0.1}, "lift": {}}
    colours = {"chance": ORANGE, "random weights": GREEN}
    ways_and_seeds(figure, measures, baselines, chosen="no KoLeo", seed=2)
    for axes, (measure, values) in zip(figure.axes, measures.items(), strict=True):
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), [values[name][2] for name in names])
        for row, name in enumerate(names):
            dots, mean = axes.lines[2 * row + 1 : 2 * row + 3]
            np.testing.assert_array_equal(dots.get_xdata(), values[name])
            assert set(dots.get_ydata()) == {row} and mean.get_xdata()[0] == pytest.approx(np.nanmean(values[name]))
            assert (dots.get_color() == BLUE) == (mean.get_color() == BLUE) == (name == "no KoLeo")
        dashed = {line.get_color(): line.get_xdata()[0] for line in axes.lines[7:]}
        assert dashed == {colours[name]: at for name, at in baselines[measure].items()}
        assert axes.get_xlabel() == measure
        (band,) = axes.patches
        assert band.get_y() == pytest.approx(1 - 0.45) and band.get_height() == pytest.approx(0.9)
        assert axes.yaxis_inverted()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == names
    (legend,) = figure.legends
    named = zip(legend.get_texts(), legend.get_lines(), strict=True)
    assert {text.get_text(): line.get_color() for text, line in named} == colours
    assert len({axes.get_subplotspec().rowspan.start for axes in figure.axes}) == rows
    plt.close(figure)


@pytest.mark.parametrize("size", [(6.4, 2.6), (4.2, 4.4)])
def test_the_numbers_under_panels_do_not_run_into_each_other(size):
    figure = plt.figure(figsize=size, layout="constrained")
    ends = {"AUC": (0.51, 0.69), "lift": (1, 3.04), "patch IoU": (0.07, 0.31), "line": (0.254, 0.334)}
    measures = {name: {"one": np.array(two), "other": np.array(two[::-1])} for name, two in ends.items()}
    ways_and_seeds(figure, measures, {name: {"least": two[0]} for name, two in ends.items()}, chosen="one", seed=0)
    figure.canvas.draw()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        drawn = [tick.label1 for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        boxes = [each.get_window_extent() for each in drawn]
        assert len(boxes) >= 2
        assert all(left.x1 + 4 < right.x0 for left, right in pairwise(boxes))
    plt.close(figure)
