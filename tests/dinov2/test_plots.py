"""The pictures of the chapter on DINOv2 show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.dinov2 import plots
from mmnotes.page import BLUE

WIDE, NARROW = (6.0, 3.0), (4.2, 5.0)


@pytest.fixture
def figure(request):
    made = plt.figure(figsize=getattr(request, "param", WIDE))
    yield made
    plt.close(made)


@pytest.mark.parametrize("figure", [WIDE, NARROW], indirect=True)
def test_points_stand_at_their_angles_and_curves_beside_their_rivals(figure):
    angles, own = np.array([0, np.pi / 2, np.pi, 1.0]), [0, 0, 1, 3]
    curves = {"one": ([1.0, 0.5], {"even": 0.8}), "other": ([0.2, 0.4], {"half": 0.5})}
    plots.circle(figure, angles, own, [0, 1, 2, 3], curves, steps=[0, 300], step=300)
    points, upper, lower = figure.axes
    dots = [line for line in points.lines if line.get_marker() == "o"]
    assert len(dots) == 4 and len(dots[2].get_xdata()) == 0, "nothing is of the third cluster"
    np.testing.assert_allclose(dots[0].get_xdata(), [1, 0], atol=1e-12)
    np.testing.assert_allclose(dots[0].get_ydata(), [0, 1], atol=1e-12)
    for axes, height, rival in ((upper, 0.5, 0.8), (lower, 0.4, 0.5)):
        line, dot, dashed = axes.lines
        assert (*dot.get_xdata(), *dot.get_ydata()) == (300, height) and dashed.get_ydata()[0] == rival
        assert line.get_color() == BLUE and axes.get_ylim()[1] > max(rival, *line.get_ydata())
    assert [axes.get_title("left") or axes.get_title() for axes in (upper, lower)] == ["one", "other"]


def test_targets_have_one_scale_whose_white_is_zero(figure):
    tables = {"plain": np.eye(3), "less": np.eye(3) - 0.4}
    plots.targets(figure, tables)
    plain, less, bar = figure.axes
    for axes, table in zip((plain, less), tables.values(), strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), table)
        assert image.norm.vmin == pytest.approx(-0.4) and image.norm(0.0) == 0.5 and image.norm.vmax == 1
    assert bar.get_yticks().tolist() == pytest.approx([-0.4, 0, 1])


def test_packing_has_a_line_where_a_crop_ends(figure):
    mask = np.kron(np.eye(2), np.ones((3, 3)))
    plots.packing(figure, {"blocks": mask, "leak": np.ones((6, 6)) / 4}, lengths=[3, 3])
    for axes, table in zip(figure.axes, (mask, np.ones((6, 6))), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), table)
        assert axes.lines[0].get_ydata()[0] == 2.5 and len(axes.lines) == 2


@pytest.mark.parametrize("figure", [WIDE, NARROW], indirect=True)
def test_depth_shows_the_first_draws_and_averages_of_all(figure):
    given = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 0.0]])
    plots.depth(figure, given, shown=3)
    table, averages = figure.axes
    assert table.images[0].get_array().astype(int).tolist() == [[1, 0, 1], [0, 1, 0]]
    ends = [line.get_ydata()[-1] for line in averages.lines]
    assert ends == [1.5, 0.5, 1.0, 1.0] and averages.lines[2].get_color() == BLUE
