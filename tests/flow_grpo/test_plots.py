"""What the chapter's pictures show, by what they draw."""

import pytest
import torch
from matplotlib.figure import Figure

from mmnotes.flow_grpo import plots, ring
from mmnotes.flow_grpo.diagram import diagram


@pytest.fixture
def axes():
    return Figure(figsize=(4, 3)).subplots()


def test_points_beyond_the_plane_are_drawn_at_its_border(axes):
    plots.plane(axes, torch.tensor([[1.0, 2.0], [50.0, -3.0], [0.0, -9.0]]), ring(count=8), right=7.0)
    centres, points = (line.get_xydata().tolist() for line in axes.get_lines())
    assert len(centres) == 8 and points == [[1, 2], [7, -3], [0, -plots.REACH]]


@pytest.mark.parametrize(("size", "below"), [((6.6, 2.9), False), ((3.6, 5.2), True)])
def test_curves_stand_beside_the_pictures_or_below_them(size, below):
    figure = Figure(figsize=size)
    curves = {"blueness": [0.0, 0.2], "likeness": [0.3, 0.1]}
    plots.drawn_and_measured(figure, torch.rand(2, 3, 3, 4, 4), (0, 6), curves, at=6)
    upper, lower = figure.axes
    assert bool(lower.get_position().y1 < upper.get_position().y0) is below
    lines = lower.get_lines()
    assert [line.get_label() for line in lines[:2]] == ["blueness", "likeness"]
    assert lines[2].get_xdata()[0] == 6 and lines[0].get_ydata().tolist() == [0.0, 0.2]


def test_marginals_have_the_area_one(axes):
    edges = torch.linspace(-1, 1, 5)
    plots.marginals(axes, edges, {"one": [1, 2, 3, 4], "other": [5, 5, 5, 5]}, torch.ones(4))
    for patch in axes.patches:
        values, places, _ = patch.get_data()
        assert abs((values * (places[1:] - places[:-1])).sum() - 1) < 1e-6
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "other", "data"]


def test_a_way_has_a_line_for_each_seed_and_one_name(axes):
    way = (torch.rand(3, 5), torch.rand(3, 5))
    plots.trades(axes, {"one": way}, {"guided": (0.1, 0.4)})
    long = [line for line in axes.get_lines() if len(line.get_xdata()) == 5]
    assert len(long) == 3 and [text.get_text() for text in axes.get_legend().get_texts()] == ["one"]
    assert [text.get_text() for text in axes.texts] == ["guided"]


def test_the_diagram_links_to_the_step_and_the_loss():
    drawn = diagram().svg()
    assert "#equation-grpo-step" in drawn and "#equation-grpo-loss" in drawn
