"""The controls of a lab: what they refuse, how they read, and how far they reach in a live kernel."""

import numpy as np
import pytest

from mmnotes.page.controls import Choice, Numeric, Switch

COUNT = Numeric("Count", grid=[1, 2, 3], default=2, live=(1, 50))
TAU = Numeric("Temperature", grid=[0.1, 0.5], default=0.1, live=(0.01, 1.0), log=True, unit="K")
MASS = Choice("Mass", options=["uniform", "Zipf"])
SHARP = Switch("Sharp")


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("grid", {"grid": [2]}),
        ("grid", {"grid": [1, 3, 2]}),
        ("grid", {"grid": [1, 2, 2]}),
        ("live", {"live": (2, 9)}),
        ("live", {"live": (0, 2)}),
        ("live", {"live": (0, float("inf"))}),
        ("live", {"live": (0, 9), "log": True}),
        ("default", {"default": 4}),
        ("play", {"play": True}),
    ],
)
def test_a_number_outside_its_range_names_the_argument(argument, change):
    with pytest.raises(ValueError, match=f"^{argument}: "):
        Numeric("Count", **({"grid": [1, 2, 3], "default": 2, "live": (1, 50)} | change))


@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("options", {"options": ["one"]}),
        ("options", {"options": ["one", "one"]}),
        ("default", {"options": ["one", "two"], "default": "three"}),
    ],
)
def test_a_choice_without_a_choice_names_the_argument(argument, given):
    with pytest.raises(ValueError, match=f"^{argument}: "):
        Choice("Mass", **given)


def test_a_live_menu_offers_more_than_the_book():
    choice = Choice("Fruit", options=["apple", "pear"], live=("plum", "apple"))
    assert choice.values == ("apple", "pear")
    assert choice.widget().options == ("apple", "pear", "plum")


def test_whole_numbers_stay_whole_and_others_become_floats():
    whole = Numeric("Count", grid=range(3), default=1, live=(0, 9))
    mixed = Numeric("Count", grid=[0, 1.5], default=0, live=(0, 9))
    spaced = Numeric("Count", grid=np.geomspace(0.1, 10, 3), default=1.0, live=(0.1, 10), log=True)
    for control, kind in [(whole, int), (mixed, float), (spaced, float)]:
        assert {type(value) for value in (*control.values, control.default)} == {kind}


def test_values_read_as_a_person_would_write_them():
    assert [TAU.text(value) for value in (0.1, 1 / 3, 1e-5, 1e4, 1.0, 0.7 + 0.1, -2.5e6)] == [
        *("0.1 K", "0.3333 K", "0.00001 K", "10,000 K", "1 K", "0.8 K", "-2,500,000 K")
    ]
    assert [COUNT.text(12345678), SHARP.text(True), MASS.text("Zipf")] == ["12,345,678", "on", "Zipf"]


def test_sliders_reach_the_whole_live_range():
    count, tau, mass, sharp = (control.widget() for control in (COUNT, TAU, MASS, SHARP))
    assert (count.min, count.max, count.value) == (1, 50, 2)
    assert (10**tau.min, 10**tau.max) == pytest.approx(TAU.live)
    assert tau.value == pytest.approx(0.1)
    assert (mass.options, mass.value, sharp.value) == (("uniform", "Zipf"), "uniform", False)
    assert type(count.value) is int
    linear = Numeric("x", grid=[0.5, 1.5], default=0.5, live=(0, 2)).widget()
    assert (linear.min, linear.max, linear.value) == (0, 2, 0.5)
