"""The chapter's pictures: what is read stays bright, what asks is framed, and where panels lie."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmnotes.block_sparse_attention import plots
from mmnotes.page.palette import BLUE, ORANGE

FRAMES = np.zeros((4, 6, 9, 3))
READ = np.zeros((4, 2, 3))
READ[0, 0, 0], READ[1, 1, 2] = 1, 0.5


@pytest.mark.parametrize(
    ("size", "names", "shape"), [((6, 3), "a", (2, 2)), ((6, 2), "ab", (2, 4)), ((3, 4), "ab", (4, 2))]
)
def test_what_is_not_read_is_faded_and_what_asks_is_framed(size, names, shape):
    figure = plt.figure(figsize=size)
    asks = np.zeros((4, 2, 3))
    asks[0, 1, 1:] = 1
    plots.read_places(figure, FRAMES, dict.fromkeys(names, READ), dict.fromkeys(names, asks))
    assert len(figure.axes) == shape[0] * shape[1]
    first, second = (axes.images[0].get_array() for axes in figure.axes[:2])
    assert first[0, 0, 0] == 0 and first[0, 4, 0] == pytest.approx(0.7) and second[4, 7, 0] == pytest.approx(0.35)
    (box,) = figure.axes[0].patches
    assert box.get_bbox().bounds == (2.5, 2.5, 6, 3) and box.get_edgecolor()[0] > 0.8
    assert not figure.axes[1].patches and figure.axes[0].get_title("left") == "a"
    plt.close(figure)


def test_recalls_have_a_line_a_band_and_chance():
    figure = plt.figure()
    values = {"x": [[0.1, 0.3], [0.5, 0.5]], "y": [[0.2, 0.2], [0.6, 0.8]]}
    plots.recalls(figure, [1 / 16, 1 / 8], {"one": values, "two": values})
    first, second = figure.axes
    assert [line.get_color() for line in first.lines] == [BLUE, ORANGE, "0.5"] and second.get_title() == "two"
    assert first.lines[0].get_ydata().tolist() == [0.2, 0.5] and list(first.lines[2].get_ydata()) == [1 / 16, 1 / 8]
    assert [label.get_text() for label in first.get_xticklabels()] == ["1/16", "1/8"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["x", "y", "at random"]
    plt.close(figure)


def test_attenuations_have_a_line_for_each_side():
    figure = plt.figure()
    plots.attenuations(figure, [0.1, 1.0], {"a": [1, 0.5], "b": [0.9, 0.1]})
    assert [line.get_label() for line in figure.axes[0].lines] == ["a", "b"] and figure.axes[0].get_xscale() == "log"
    plt.close(figure)
