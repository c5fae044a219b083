"""A number that a reader sets: what a slider over its whole range stops at."""

from itertools import pairwise

from mmnotes.page.controls import Choice, Switch
from mmnotes.page.numeric import STEPS, Numeric


def test_whole_numbers_reach_each_one_of_the_live_range():
    assert Numeric("Count", grid=[1, 3], default=3, live=(-2, 5)).reach == (-2, -1, 0, 1, 2, 3, 4, 5)


def test_real_numbers_reach_even_steps_and_the_grid_and_stay_inside():
    reach = Numeric("Share", grid=[0.1234567, 0.5], default=0.5, live=(0.0, 1.0)).reach
    assert reach[0] == 0 and reach[-1] == 1 and 0.1234567 in reach
    assert len(reach) == STEPS + 2 and list(reach) == sorted(reach)
    assert max(high - low for low, high in pairwise(reach)) < 1.01 / STEPS


def test_a_logarithmic_range_is_reached_in_even_factors():
    reach = Numeric("Base", grid=[10, 1e4], default=10, live=(2, 1e8), log=True).reach
    factors = [high / low for low, high in pairwise(reach)]
    assert max(factors) < 1.001 * (1e8 / 2) ** (1 / STEPS)
    assert {2.0, 10.0, 1e4, 1e8} <= {*reach}


def test_words_reach_those_of_a_live_kernel_too_and_a_switch_both_states():
    assert Choice("Mass", options=["a", "b"], live=("b", "c")).reach == ("a", "b", "c")
    assert Switch("Sharp").reach == (False, True)
