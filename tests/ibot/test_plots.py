"""The pictures of the chapter on iBOT show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from mmnotes.ibot import plots
from mmnotes.page import BLUE, GREEN, ORANGE, PURPLE, SKY
from mmnotes.page.plots import few_shades


@pytest.fixture
def figure():
    made = plt.figure(figsize=(6, 2.6))
    yield made
    plt.close(made)


def test_holes_are_grey_where_the_mask_says_so():
    masked = np.zeros((2, 16), dtype=bool)
    masked[1, 6] = True
    shown = plots.with_holes(np.ones((2, 3, 8, 8)), masked)
    assert (shown[0] == 1).all()
    assert (shown[1, :, 2:4, 4:6] == plots.HOLE).all() and (shown[1] != 1).sum() == 3 * 4


@pytest.mark.parametrize(("size", "beside"), [((6, 2.6), True), ((4, 4.4), False)])
def test_shares_of_crops_sum_to_a_hundred_and_have_their_mean_marked(size, beside):
    figure = plt.figure(figsize=size)
    plots.masks(figure, np.ones((2, 4, 3, 8, 8)), [0.0, 0.0, 0.3, 0.5], rival=0.75)
    left, right = figure.axes
    heights = [bar.get_height() for bar in right.patches]
    assert sum(heights) == pytest.approx(100) and heights[0] == 50
    mean, rival = (line.get_xdata()[0] for line in right.lines)
    assert (mean, rival) == (pytest.approx(0.2), 0.75) and right.lines[0].get_color() == ORANGE
    assert (right.get_position().x0 > left.get_position().x1) == beside
    plt.close(figure)


@pytest.mark.parametrize(("size", "beside"), [((6, 2.6), True), ((4, 4.4), False)])
def test_below_a_hole_of_a_chain_is_what_is_known(size, beside):
    figure = plt.figure(figsize=size)
    known = np.array([[1, 0, 0, 0], [0.25, 0.5, 0.25, 0], [0, 1, 0, 0]])
    plots.chain(figure, [0, 1, 1], [False, True, False], known, {"not looking": 1.39, "best": 0.8, "teacher": 0.4})
    left, right = figure.axes
    given = [bar.get_facecolor() for bar in left.patches if bar.get_y() == 1.3]
    assert given == [to_rgba(colour) for colour in (BLUE, str(plots.HOLE), ORANGE)]
    shown = {bar.get_facecolor(): bar.get_height() for bar in left.patches if bar.get_y() < 1.3}
    assert shown == {to_rgba(c): h for c, h in zip((BLUE, ORANGE, GREEN, SKY), known[1], strict=True)}
    assert [bar.get_width() for bar in right.patches] == [1.39, 0.8, 0.4]
    assert [each.get_text() for each in right.get_yticklabels()] == ["not looking", "best", "teacher"]
    assert (right.get_position().x0 > left.get_position().x1) == beside
    plt.close(figure)


def test_a_course_of_losses_is_averaged_and_lines_have_names(axes):
    curves = {"one": [3.0, 1.0, 1.0, 1.0], "other": [2.0] * 4, "third": [0.0, 4.0, 1.0, 1.0]}
    plots.learning(axes, curves, {"best": 0.5}, every=2)
    drawn = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.lines[:3]]
    assert drawn == [([2, 4], [2, 1]), ([2, 4], [2, 2]), ([2, 4], [2, 1])]
    assert [each.get_text() for each in axes.texts] == ["best"] and axes.lines[3].get_ydata()[0] == 0.5


def test_namesakes_lie_in_their_crops_and_have_one_colour(axes):
    boxes = [[0, 0, 1, 1], [0.5, 0.25, 0.5, 0.25]]
    plots.namesakes(axes, np.zeros((3, 64, 64)), boxes, [(0, 0), (1, 3), (2, 2)], rows=4)
    frames = [patch for patch in axes.patches if not patch.get_fill()]
    assert [frame.get_bbox().bounds for frame in frames] == [(1.5, 1.5, 64, 64), (33.5, 17.5, 32, 16)]
    blue = [patch.get_bbox().bounds for patch in axes.patches if patch.get_facecolor() == to_rgba(SKY)]
    assert blue == [(1.5 + 48, 1.5 + 16, 16, 16), (33.5 + 24, 17.5 + 4, 8, 4)]


def test_a_hole_is_followed_by_what_was_there_and_by_what_is_near(axes):
    """A scene of 16 pixels with patches of 4: a line is 4 pixels high and as wide, so nothing is enlarged."""
    pictures, nearest = np.zeros((2, 3, 16, 16)), np.zeros((2, 4, 3, 3, 4, 4))
    pictures[1, 0, 4:8, 8:12] = 1  # a red patch in row 1, column 2
    nearest[1, 3, 2, 1] = 1  # a green one, third in the last line
    masked = np.zeros((2, 16), dtype=bool)
    masked[1, 6] = True
    plots.fillings(axes, pictures, masked, [[0, 1, 2, 3], [6, 1, 2, 3]], nearest)
    drawn = np.asarray(axes.images[0].get_array())[20 + 2 : 20 + 18, 2:]
    assert np.allclose(drawn[4:8, 8:12], plots.HOLE), "hidden in the scene"
    assert (drawn[:4, 20:24] == (1, 0, 0)).all(), "shown beside it, in the first line"
    assert (drawn[12:16, 28 + 8 : 28 + 12] == (0, 1, 0)).all()
    of_scene = [patch for patch in axes.patches if patch.get_edgecolor() == to_rgba(ORANGE)][2:]
    assert [patch.get_bbox().bounds for patch in of_scene] == [(9.5, 25.5, 4, 4), (21.5, 21.5, 4, 4)]
    colours = [patch.get_edgecolor() for patch in axes.patches[::2]][:4]
    assert colours == [to_rgba(colour) for colour in (ORANGE, PURPLE, GREEN, SKY)]


def test_patches_are_enlarged_to_a_fourth_of_their_scene(axes):
    nearest = np.ones((1, 4, 2, 3, 8, 8)) * few_shades(np.linspace(0, 1, 64)).reshape(8, 8)
    plots.fillings(axes, np.zeros((1, 3, 64, 64)), np.zeros((1, 64), dtype=bool), [[0, 1, 2, 3]], nearest)
    drawn = np.asarray(axes.images[0].get_array())[2:-2, 2:-2, 0]
    assert drawn.shape == (64, 64 + 4 + 3 * 16 + 4)
    assert np.array_equal(drawn[:16:2, 88:104:2], nearest[0, 0, 0, 0]) and drawn[1, 89] == nearest[0, 0, 0, 0, 0, 0]
