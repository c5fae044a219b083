"""The pictures of the chapter on face verification show the numbers that they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmnotes.face_verification import plots
from mmnotes.page.palette import BLUE, ORANGE

PICTURE = np.linspace(0, 1, 3 * 8 * 12).reshape(3, 8, 12)


@pytest.fixture
def figure():
    return Figure(figsize=(6, 3))


def test_a_coarse_photo_keeps_the_coordinates(figure):
    axes = figure.subplots()
    large = PICTURE.repeat(20, 1).repeat(20, 2)
    plots.coarse_photo(axes, large)
    (image,) = axes.images
    assert image.get_extent() == [-0.5, 239.5, 158.5, -0.5] and image.get_array().shape[0] <= plots.FINEST
    assert np.abs(image.get_array().mean() - PICTURE.mean()) < 0.02


def test_steps_count_boxes_and_mark_landmarks(figure):
    corners = np.array([[1.0, 2, 5, 6], [0, 0, 3, 3]])
    plots.steps(figure, PICTURE, {"windows": corners, "faces": corners[:1]}, landmarks=[[1, 2], [3, 4]])
    assert [axes.get_title() for axes in figure.axes] == ["windows: 2", "faces: 1"]
    assert [len(axes.patches) for axes in figure.axes] == [2, 1]
    assert figure.axes[0].patches[0].get_bbox().bounds == (0.5, 1.5, 4, 4)
    assert figure.axes[1].lines[0].get_xydata().tolist() == [[1, 2], [3, 4]]


def test_a_gallery_names_its_pictures(figure):
    plots.gallery(figure, {"one": PICTURE, "two": PICTURE})
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]


def test_what_is_compared(figure):
    one = {"threshold": 0.6, "corners": [[1, 1, 4, 4]], "points": [[2, 2]]}
    plots.compared(figure, PICTURE, PICTURE, {"own": 0.3, "other": 0.8}, **one)
    line = figure.axes[-1]
    assert [dot.get_xdata()[0] for dot in line.lines[1:]] == [0.3, 0.8]
    assert [dot.get_color() for dot in line.lines[1:]] == [BLUE, ORANGE]
    bare = Figure()
    plots.compared(bare, PICTURE, None, {"own": np.nan, "other": np.nan}, threshold=0.6, corners=[], points=[])
    assert [text.get_text() for axes in bare.axes for text in axes.texts] == ["no face\nfound"]


def test_rows_of_distances_and_the_threshold(figure):
    axes = figure.subplots()
    plots.passing(axes, {"blur": ([0.1, 0.2], [0.7]), "light": ([0.3], [0.8])}, threshold=0.6, label="euclidean")
    assert [line.get_xdata().tolist() for line in axes.lines[:4]] == [[0.1, 0.2], [0.7], [0.3], [0.8]]
    assert axes.lines[4].get_xdata() == [0.6, 0.6] and axes.get_xlabel() == "euclidean"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["blur", "light"]


def test_curves_and_the_threshold(figure):
    axes = figure.subplots()
    plots.curves(axes, [0, 1], {"a": [0.1, np.nan], "b": [0.2, 0.3]}, threshold=0.6, label="degrees")
    assert [line.get_label() for line in axes.lines[:2]] == ["a", "b"] and axes.lines[2].get_ydata()[0] == 0.6
