"""The chapter's pictures show the numbers they are given."""

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mmnotes.clip import plots as clip_plots
from mmnotes.page.palette import BLUE, ORANGE, PALE


def test_lit_patches_keep_their_colour_and_the_others_go_dark():
    figure, picture = Figure(), np.ones((3, 6, 6))
    maps = np.array([[[0.5, 0.0], [0.25, 0.25]]])
    clip_plots.lit(figure, picture, maps, ["head 1"])
    plain, shown = (axes.images[0].get_array() for axes in figure.axes)
    assert np.allclose(plain, 1) and [axes.get_title() for axes in figure.axes] == ["picture", "head 1"]
    assert np.allclose(shown[:3, :3], 1) and np.allclose(shown[:3, 3:], clip_plots.DARK)
    assert np.allclose(shown[3:], clip_plots.DARK + (1 - clip_plots.DARK) / 2)


def test_the_right_picture_is_framed_where_it_is_shown():
    pictures = np.zeros((5, 3, 8, 8))
    for right, frames in ((2, 1), (7, 0)):
        axes = Figure().subplots()
        clip_plots.ranked_pictures(axes, pictures, right=right)
        assert axes.images[0].get_array().shape == (12, 60, 3) and len(axes.patches) == frames
    axes = Figure().subplots()
    clip_plots.ranked_pictures(axes, pictures, right=2)
    assert axes.patches[0].get_x() == 24 and to_hex(axes.patches[0].get_edgecolor()) == ORANGE


def test_every_seed_is_a_dot_and_chance_a_line():
    axes = Figure().subplots()
    values = np.arange(12.0).reshape(2, 3, 2)
    clip_plots.recalls(axes, ["one", "two"], values, [1.0, 5.0], ranks=(1, 5))
    assert sorted(y for line in axes.lines for y in line.get_ydata()) == list(range(12))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two", "chance"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["recall at 1", "recall at 5"]
    (chance,) = axes.collections
    assert [segment[0, 1] for segment in chance.get_segments()] == [1, 5]


def test_maps_take_two_rows_where_the_figure_is_nearly_as_high_as_wide():
    for size, rows in (((5, 1.4), 1), ((3.3, 2.6), 2)):
        figure = Figure(figsize=size)
        clip_plots.lit(figure, np.ones((3, 6, 6)), np.ones((4, 2, 2)), list("abcd"))
        assert figure.axes[0].get_gridspec().nrows == rows
        assert [axes.get_title() for axes in figure.axes[:5]] == ["picture", "a", "b", "c", "d"]


def test_what_stands_behind_the_place_that_is_read_is_pale():
    pictures = np.zeros((8, 3, 4, 4))
    for size, rows in (((5.6, 2.5), 1), ((3.2, 4.2), 2)):
        figure = Figure(figsize=size)
        clip_plots.read_at(figure, list("abcd"), [7, 2, 9, 8], pictures, place=2, right=6)
        left, found = figure.axes
        assert left.get_gridspec().nrows == rows
        assert [bar.get_width() for bar in left.patches] == [7, 2, 9, 8]
        assert [to_hex(bar.get_facecolor()) for bar in left.patches] == [BLUE, BLUE, ORANGE, PALE]
        assert [text.get_text() for text in left.texts] == ["7", "2", "9", "8"]
        (frame,) = found.patches
        assert frame.get_xy() == (2 * 8, 8), "number 6 is the third of the second row of four"
