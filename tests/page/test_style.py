"""The common set-up of a chapter."""

import matplotlib
import torch

from mmnotes.page.palette import BLUE, ORANGE
from mmnotes.page.style import set_up


def test_set_up_is_one_thread_and_the_book_s_colours():
    threads, settings = torch.get_num_threads(), dict(matplotlib.rcParams)
    try:
        set_up()
        assert torch.get_num_threads() == 1
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"][:2] == [BLUE, ORANGE]
    finally:
        torch.set_num_threads(threads)
        matplotlib.rcParams.update(settings)


def test_set_up_forgets_what_the_reader_s_matplotlibrc_says():
    settings = dict(matplotlib.rcParams)
    try:
        matplotlib.rcParams.update({"text.usetex": True, "font.family": ["A Font Of Nobody"], "axes.facecolor": "red"})
        set_up()
        theirs = [matplotlib.rcParams[key] for key in ("text.usetex", "font.family", "axes.facecolor")]
        assert theirs == [False, ["sans-serif"], "white"]
    finally:
        torch.set_num_threads(torch.get_num_threads())
        matplotlib.rcParams.update(settings)
