"""The pictures of the Q-Former's chapter draw the numbers they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmnotes.qformer.plots import attention_over_drawing, mask_and_change, recall_and_wins


@pytest.fixture
def figure():
    return Figure(figsize=(5.6, 3.2))


def test_mask_and_change_marks_what_moves_and_what_does_not(figure):
    mask = np.array([[True, False], [True, True]])
    mask_and_change(figure, mask, [0.0, 0.01], names=["a", "b"], changed=[1])
    left, right = figure.axes
    assert np.array_equal(left.images[0].get_array(), [[1, 0], [1, 2]])
    assert [label.get_text() for label in left.get_yticklabels()] == ["a", "b"]
    (bar,) = right.patches
    assert bar.get_x() + bar.get_width() == pytest.approx(-2) and bar.get_y() + bar.get_height() / 2 == 1
    assert right.lines[0].get_ydata().tolist() == [0], "a cross where nothing moves"


def test_attention_over_drawing_veils_what_is_not_looked_at(figure):
    weights = np.array([[[0.5, 0.25], [0.25, 0.0]], [[0.25, 0.25], [0.25, 0.25]]])
    attention_over_drawing(figure, np.zeros((8, 8, 3)), weights)
    first, second = (axes.images[1].get_array()[..., 3] for axes in figure.axes)
    assert np.allclose(first, [[0, 0.45], [0.45, 0.9]]), "nothing where it looks twice as much as an even look"
    assert np.allclose(second, 0.45), "an even look is half veiled, whatever the largest weight of its panel"
    assert [axes.get_title(loc="left") or axes.get_title() for axes in figure.axes] == ["query 1", "query 2"]


def test_recall_and_wins_shows_every_seed_and_the_chosen_one(figure):
    recall_and_wins(figure, [1, 4], [[10.0, 20], [30, 40]], [0.25, 0.75], pooled=[12.0, 14], chosen=1)
    left, right = figure.axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[10, 20], [30, 40]]
    assert left.lines[0].get_color() != left.lines[1].get_color() == "#d55e00"
    assert {text.get_text() for text in left.get_legend().get_texts()} == {"this seed", "mean pooling"}
    assert [bar.get_height() for bar in right.patches] == [25, 75]
    band = left.patches[0]  # a polygon before matplotlib 3.9, a rectangle since
    heights = band.get_patch_transform().transform_path(band.get_path()).vertices[:, 1]
    assert (heights.min(), heights.max()) == (12, 14)


def test_recall_and_wins_stand_one_below_the_other_where_it_is_narrow():
    figure = Figure(figsize=(3.3, 4.6))
    recall_and_wins(figure, [1, 4], [[10.0, 20]], [0.25, 0.75], pooled=[12.0, 14], chosen=0)
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 1)
