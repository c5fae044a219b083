"""The pictures of the chapter on the vision tower show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from mmnotes.page import ORANGE
from mmnotes.vision_tower import plots

PIXELS = np.random.default_rng(0).random((12, 24, 3))


@pytest.fixture
def figure(request):
    made = plt.figure(figsize=getattr(request, "param", (5.6, 3.0)))
    yield made
    plt.close(made)


def lines_of(axes):
    return [line for lines in axes.collections if isinstance(lines, LineCollection) for line in lines.get_segments()]


def marked(axes):
    return next(patch for patch in axes.patches if isinstance(patch, Rectangle))


@pytest.mark.parametrize(("rows", "columns", "drawn"), [(4, 6, 12), (24, 48, 4 + 7)])
def test_a_picture_is_cut_into_its_tokens(figure, rows, columns, drawn):
    plots.tokens(figure, PIXELS, rows=rows, columns=columns, at=(2, 3), counts={"tokens": rows * columns, "other": 9})
    whole, part, bar = figure.axes
    assert len(lines_of(whole)) == drawn
    left, top = 3 * 24 / columns - 0.5, 2 * 12 / rows - 0.5
    assert marked(whole).get_bbox().bounds == pytest.approx((left, top, 24 / columns, 12 / rows))
    assert part.get_xlim() == pytest.approx((left, left + 24 / columns))
    assert part.get_ylim() == pytest.approx((top + 12 / rows, top))
    assert whole.get_title().startswith(f"{rows} by {columns} tokens")
    assert [each.get_width() for each in bar.patches] == [rows * columns, 9]
    assert [each.get_text() for each in bar.texts] == [f"{rows * columns:,} tokens", "9 other"]


@pytest.mark.parametrize("figure", [(5.6, 2.2), (4.2, 4.4)], indirect=True)
def test_what_is_not_heard_of_is_pale(figure):
    known = np.zeros((4, 8), dtype=bool)
    known[1, 2:4] = True
    plots.heard(figure, {"this": (PIXELS, known), "that": (PIXELS, ~known)}, at=(1, 2), side=4)
    first, second = figure.axes
    assert [axes.get_title() for axes in (first, second)] == ["this: 2 of 32", "that: 30 of 32"]
    np.testing.assert_array_equal(np.asarray(first.images[1].get_alpha()) == 0, known)
    assert marked(first).get_bbox().bounds == pytest.approx((5.5, 2.5, 3, 3)) and not second.patches
    assert len(lines_of(first)) == 3 + 2
    plots.heard(plt.figure(), {"this": (PIXELS, known)}, at=(1, 2), side=0)
    assert not lines_of(plt.gcf().axes[0])
    plt.close()


def test_what_is_read_is_orange_and_joined_to_its_patch(figure):
    axes = figure.subplots()
    plots.readings(axes, PIXELS, [0.0, 9.0], [2.0, 7.0], side=10)
    dots = axes.lines[-1]
    assert dots.get_color() == ORANGE
    assert sorted(zip(*dots.get_data(), strict=True)) == [(0, 0), (0, 9), (9, 0), (9, 9)]
    assert sorted(line.tolist() for line in lines_of(axes))[0] == [[2, 2], [0, 0]]
    borders = [line.get_xdata()[0] for line in axes.lines if line.get_xdata()[0] == line.get_xdata()[-1]]
    assert {-0.5, 4.5, 9.5} <= set(borders)


def test_pictures_have_their_names_and_lines(figure):
    plots.pictures(figure, {"plain": PIXELS, "cut": PIXELS, "grey": PIXELS[..., 0]}, most=2.0, cells={"cut": (6, 8)})
    plain, cut, grey = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["plain", "cut", "grey"]
    assert not lines_of(plain) and len(lines_of(cut)) == 3 + 4
    assert grey.images[0].get_clim() == (0, 2.0)


def test_counts_are_drawn_over_sides(figure):
    axes = figure.subplots()
    plots.shares(axes, [1, 10], {"one": [5, 50], "other": [1, 100]})
    assert [line.get_ydata().tolist() for line in axes.lines] == [[5, 50], [1, 100]]
    assert axes.get_xscale() == axes.get_yscale() == "log"
