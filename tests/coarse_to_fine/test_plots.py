import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.coarse_to_fine import plots
from mmnotes.coarse_to_fine.diagram import diagram

FRAMES = np.linspace(0, 1, 6 * 3 * 4 * 4).reshape(6, 3, 4, 4)


@pytest.fixture(params=[(6, 3), (3, 6)], ids=["wide", "narrow"])
def figure(request):
    made = plt.figure(figsize=request.param)
    yield made
    plt.close(made)


def test_each_row_has_its_frames_and_its_measures(figure):
    plots.strips(figure, {"film": FRAMES, "draft": FRAMES}, {"draft": {"error": 0.25, "sharpness": 0.04}})
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert sum(len(axes.images) for axes in figure.axes) == 2
    assert any("0.25" in each for each in texts + titles) and any("0.04" in each for each in texts + titles)
    assert "film" in titles


def test_hidden_waves_are_over_the_noise_line(figure):
    plots.hidden(figure, {"film": [9.0, 4.0, 1.0, 0.1]}, noise=0.5, first=2, threshold=0.4)
    (axes,) = figure.axes
    line, noise = axes.lines
    np.testing.assert_allclose(line.get_xydata(), [(1, 4), (2, 1), (3, 0.1)])
    assert set(noise.get_ydata()) == {0.5}
    assert axes.get_title() == "threshold 0.40"


def test_courses_have_a_line_a_band_and_levels(figure):
    values = np.array([[0.1, 0.3], [0.2, 0.4]])
    plots.courses(
        figure,
        [0.1, 0.5],
        {"error": {"refiner": values}},
        {"error": {"enlarged": 0.7, "nearest": 0.2}},
        label="threshold",
    )
    (axes,) = figure.axes
    mean, enlarged, nearest = axes.lines
    np.testing.assert_allclose(mean.get_ydata(), [0.2, 0.3])
    assert (enlarged.get_ydata()[0], nearest.get_ydata()[0]) == (0.7, 0.2)
    assert len(axes.collections) == 1


def test_the_drawing_says_what_it_shows():
    assert "shortened path" in diagram().svg()
