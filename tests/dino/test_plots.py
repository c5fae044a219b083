"""The pictures of the chapter on DINO show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from mmnotes.dino import plots
from mmnotes.page import BLUE, ORANGE


@pytest.fixture
def figure():
    made = plt.figure(figsize=(6, 2.6))
    yield made
    plt.close(made)


def test_a_course_is_three_curves_and_the_answers_loudest_first(figure):
    heights, table = np.array([[3.0, 0.5], [3.5, 1.0], [4.0, 2.0]]), np.zeros((2, 30))
    table[0, 7], table[1, 29] = 0.4, 0.9
    plots.course(figure, [0, 20], heights, table, most=4.2, known=2.1)
    left, right = figure.axes
    shown = {line.get_color(): line.get_ydata().tolist() for line in left.lines}
    assert shown == {BLUE: heights[2].tolist(), ORANGE: heights[0].tolist(), "0.5": heights[1].tolist()}
    assert left.get_yticks().tolist() == [0, 2.1, 4.2]
    drawn = right.images[0].get_array()
    assert drawn.shape == (2, 24) and drawn[:, :2].tolist() == [[0, 0.4], [0.9, 0]]


def test_a_course_is_stacked_where_it_is_narrow():
    narrow = plt.figure(figsize=(4, 4.4))
    plots.course(narrow, [0, 20], np.ones((3, 2)), np.ones((2, 30)), most=4.2, known=2.1)
    places = [axes.get_subplotspec().colspan.start for axes in narrow.axes]
    plt.close(narrow)
    assert places == [0, 0]


def test_boxes_lie_where_the_crops_are(axes):
    pictures = [np.zeros((3, 64, 64)), np.ones((3, 64, 64))]
    boxes = np.array([[[0, 0, 1, 1], [0.5, 0.25, 0.25, 0.5]]] * 2)
    plots.crops(axes, pictures, boxes)
    assert axes.images[0].get_array().shape == (68, 136, 3)
    first, second, third, _ = axes.patches
    assert first.get_bbox().bounds == (1.5, 1.5, 64, 64) and third.get_bbox().bounds == (69.5, 1.5, 64, 64)
    assert second.get_bbox().bounds == (1.5 + 32, 1.5 + 16, 16, 32)
    assert [each.get_edgecolor() for each in (first, second)] == [to_rgba(ORANGE), to_rgba(BLUE)]


@pytest.mark.parametrize(("size", "beside"), [((6.4, 2.7), True), ((4.2, 4.6), False)])
def test_near_patches_are_framed_by_what_they_lie_on(size, beside):
    figure = plt.figure(figsize=size)
    pictures = [np.full((3, 64, 64), each / 7) for each in range(6)]
    rates = {"random": 0.4, "trained": 0.5}
    near = dict(chosen="trained", chance=0.14)
    plots.near(figure, pictures, [0, 9, 63, 1, 8, 0], [True, False, True, False, True], rates, **near)
    left, right = figure.axes
    drawn = np.asarray(left.images[0].get_array())
    assert drawn.shape == (2 * 68, 3 * 68, 3)
    assert {round(5 * shade, 6) for shade in np.unique(drawn)} == {0, 1, 2, 3, 4, 5}, "few shades"
    frames = [(patch.get_bbox().bounds, patch.get_edgecolor()) for patch in left.patches]
    asked, second, third, fourth, *_ = frames
    assert asked == ((0.5, 0.5, 10, 10), to_rgba("black"))
    assert second == ((68.5 + 8, 0.5 + 8, 10, 10), to_rgba(BLUE)), "row 1, column 1 of the second scene"
    assert third == ((136.5 + 56, 0.5 + 56, 10, 10), to_rgba(ORANGE))
    assert fourth[0] == (0.5 + 8, 68.5, 10, 10), "row 0, column 1 of the first scene below"
    assert [bar.get_width() for bar in right.patches] == [0.4, 0.5]
    assert [bar.get_facecolor() for bar in right.patches] == [to_rgba("0.75"), to_rgba(BLUE)]
    assert right.lines[0].get_xdata()[0] == 0.14
    assert (right.get_position().x0 > left.get_position().x1) == beside
    plt.close(figure)


def test_runs_are_two_entropies_each_below_the_largest_there_is(figure):
    curves = {"one": ([10, 20], [1.0, 2.0], [3.0, 3.5]), "other": ([10], [4.0], [4.0])}
    plots.runs(figure, curves, most=4.5)
    assert [axes.get_title() for axes in figure.axes] == ["one", "other"]
    lines = {line.get_color(): [*line.get_ydata()] for line in figure.axes[0].lines}
    assert lines == {BLUE: [3.0, 3.5], ORANGE: [1.0, 2.0], "0.6": [4.5, 4.5]}
    assert figure.axes[1].get_ylim() == (0, 1.05 * 4.5)


@pytest.mark.parametrize(("size", "beside"), [((6, 3), True), ((4, 6), False)])
def test_attention_lies_below_its_pictures_and_a_dot_marks_the_step(size, beside):
    figure = plt.figure(figsize=size)
    maps = np.zeros((3, 2, 4, 4))
    maps[1, 0, 0, 3] = 1
    areas = {0: [0.4, 0.6, 0.5], 50: [0.5, 0.7, 0.65]}
    plots.attention(figure, np.full((3, 3, 8, 8), 0.5), maps, areas, step=50, rival=0.66)
    left, right = figure.axes
    drawn = np.asarray(left.images[0].get_array())
    assert drawn.shape == (3 * 12, 3 * 12, 3)
    dark = drawn[14:22, 14:22].sum(-1) < 1.5
    assert dark.sum() == 4 and dark[:2, 6:].all(), "the second scene's first head, at the upper right"
    dots = [line for line in right.lines if line.get_marker() == "o"]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in dots] == [(50, 0.65)]
    assert [*next(line for line in right.lines if line.get_color() == ORANGE).get_ydata()] == [0.66, 0.66]
    assert (right.get_position().x0 > left.get_position().x1) == beside
    plt.close(figure)


def test_generations_follow_lines_of_their_factors(axes):
    sizes = {0.2: [4.0, 2.0, 1.0], 0.1: [4.0, 3.0, 2.0], 0.05: [4.0, 4.0, 4.0], 0.04: [4.0, 5.0, 6.0]}
    plots.generations(axes, sizes, {0.2: 0.5, 0.1: 1, 0.05: 2, 0.04: 3})
    lines = [line.get_ydata().tolist() for line in axes.lines]
    assert lines[::2] == [[4, 2, 1], [4, 4, 4], [4, 8, 16], [4, 12, 36]]
    assert lines[1::2] == list(sizes.values()) and axes.get_yscale() == "log"
