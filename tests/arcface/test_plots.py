"""The pictures of the chapter on margin losses show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.arcface import plots
from mmnotes.page import BLUE, ORANGE


@pytest.fixture
def figure():
    made = plt.figure(figsize=(6, 2.6))
    yield made
    plt.close(made)


@pytest.mark.parametrize(("size", "beside"), [((6.4, 2.7), True), ((4.2, 5.6), False)])
def test_angles_have_a_panel_for_each_curve_and_a_turn(size, beside):
    figure = plt.figure(figsize=size)
    curves = {"one": {"margin": [1, 2], "no margin": [3, 4]}, "two": {"margin": [0, 1], "straight-through": [5, 6]}}
    plots.angle_picture(figure, [0, 180], curves, turn=151)
    first, second = figure.axes
    assert [[*line.get_ydata()] for line in first.lines[:2]] == [[1, 2], [3, 4]]
    assert [line.get_color() for line in second.lines[:2]] == [BLUE, ORANGE]
    assert first.patches[0].get_bbox().bounds[0] == 151 and second.get_title() == "two"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["margin", "straight-through"]
    assert (second.get_position().x0 > first.get_position().x1) == beside
    plt.close(figure)


def test_without_a_turn_nothing_is_shaded(figure):
    plots.angle_picture(figure, [0, 180], {"a": {"margin": [1, 2]}, "b": {"margin": [1, 2]}}, turn=200)
    assert not figure.axes[0].patches


def test_boundaries_are_lines_with_their_names(axes):
    plots.boundaries(axes, [0, 90], {"softmax": [0, 90], "ArcFace": [29, 119]})
    assert [line.get_label() for line in axes.lines] == ["softmax", "ArcFace"]
    assert [*axes.lines[1].get_ydata()] == [29, 119]


@pytest.mark.parametrize(("size", "beside"), [((6.4, 2.7), True), ((4.2, 5.6), False)])
def test_a_threshold_is_a_line_and_a_dot_on_the_curve(size, beside):
    figure = plt.figure(figsize=size)
    counts = {"same": [0, 1, 3], "different": [5, 5, 0]}
    rates = {"far": [1.0, 0.5, 0.0], "tar": [1.0, 1.0, 0.75]}
    plots.threshold(figure, [-1.0, 0.0, 0.5], counts, rates, at=0.02)
    left, right = figure.axes
    assert left.lines[0].get_xdata()[0] == 0.02
    assert right.lines[0].get_xdata().tolist() == [1, 0.5], "a share of zero has no place on the axis"
    dot = right.lines[-1]
    assert dot.get_marker() == "o" and (*dot.get_xdata(), *dot.get_ydata()) == (0.5, 1.0)
    assert (right.get_position().x0 > left.get_position().x1) == beside
    plt.close(figure)


def test_courses_have_a_line_for_each_seed_and_one_name(figure):
    plots.courses(figure, [20, 40], {"a": np.array([[80, 70], [81, 71]]), "b": np.array([[60, 50]])})
    (axes,) = figure.axes
    assert len(axes.lines) == 3 and len(axes.get_legend().get_texts()) == 2
    assert axes.lines[0].get_color() == axes.lines[1].get_color() != axes.lines[2].get_color()


def test_descents_that_end_further_away_are_orange(figure):
    plots.descents(figure, {"a": [[10, 5], [160, 170]], "b": [[10, 5]]}, turn=151)
    first, second = figure.axes
    assert [line.get_color() for line in first.lines] == [BLUE, ORANGE] and second.get_title() == "b"
    assert first.patches[0].get_bbox().bounds[1] == 151
