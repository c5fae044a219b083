"""The pictures of the chapter on zero convolutions show the numbers that they are given."""

from mmnotes.page import BLUE, ORANGE
from mmnotes.zero_conv import plots


def test_slopes_go_by_step_and_zero_is_a_ring_in_a_strip_below(axes):
    plots.slopes_by_step(axes, {"one": [0.1, -1e-3, 1e-12], "two": [0.0, 0.0, 100.0]})
    one, rings, two, more = axes.lines
    assert one.get_xydata().tolist() == [[0, 0.1], [1, 1e-3], [2, plots.SMALLEST]] and one.get_color() == BLUE
    assert rings.get_xdata().size == 0
    assert two.get_xydata().tolist() == [[2, plots.LARGEST]] and two.get_color() == ORANGE
    assert more.get_xdata().round().tolist() == [0, 1] and (more.get_ydata() < plots.SMALLEST).all()
    assert more.get_fillstyle() == "none"
    assert axes.get_yscale() == "log" and axes.get_ylim()[0] < more.get_ydata().min()
    assert axes.get_yticklabels()[0].get_text() == "0"
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == ["one", "two"]


def test_a_point_lies_over_the_agreement_of_its_nearest_outline(axes):
    plots.against_nearest(axes, [0.8, 0.9], {"scale 0": [0.5, 0.6], "scale 2": [0.95, 0.85]})
    points = {found.get_label(): found.get_offsets().tolist() for found in axes.collections}
    assert points == {"scale 0": [[0.8, 0.5], [0.9, 0.6]], "scale 2": [[0.8, 0.95], [0.9, 0.85]]}
    assert axes.get_xlabel() == "nearest learned outline" and axes.get_legend() is not None
    (diagonal,) = axes.lines
    assert diagonal.get_slope() == 1
