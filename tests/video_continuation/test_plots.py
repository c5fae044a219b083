"""Pictures show what they are given: how many panels, lines, and where the given frames end."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.video_continuation import plots


@pytest.mark.parametrize(("size", "middle"), [((6.4, 1.0), 2 * 36 - 0.5), ((3.4, 1.8), 2 * 36 - 0.5)])
def test_a_line_stands_behind_the_given_frames(size, middle):
    figure = plt.figure(figsize=size)
    plots.strips(figure, {"one": np.zeros((10, 3, 32, 32)), "two": np.ones((10, 3, 32, 32))}, given=2)
    assert len(figure.axes) == 2
    assert figure.axes[0].lines[0].get_xdata().tolist() == [middle, middle]
    plt.close(figure)


def test_tracks_are_of_every_sample_and_film():
    figure = plt.figure(figsize=(6, 2))
    truth = np.arange(4 * 10 * 2).reshape(4, 10, 2) % 20
    plots.tracks(figure, truth, np.stack([truth] * 5), given=2, room=20)
    assert [len(axes.lines) for axes in figure.axes] == [5 * 2 + 2] * 4
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), truth[0, 1:5, 1])
    plt.close(figure)


def test_errors_have_a_line_for_each_way_and_drift_for_each_name():
    figure = plt.figure(figsize=(6, 2))
    ways = {way: np.arange(18.0).reshape(3, 6) for way in plots.LOOKS}
    plots.errors(figure, {"1 given": ways, "2 given": ways})
    assert [len(axes.lines) for axes in figure.axes] == [len(plots.LOOKS)] * 2
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), np.arange(6.0, 12))
    plt.close(figure)
    figure, axes = plt.subplots()
    plots.drift(axes, {"left": [1.0, 0.5]})
    assert list(axes.lines[0].get_ydata()) == [1.0, 0.5]
    plt.close(figure)
