"""The numbers of the lab that the page computes, against the definition and against its JavaScript."""

import math

import pytest

from mmnotes.arcface import formulas
from mmnotes.page import Choice, Numeric
from tests.held import agrees

NAMED = {"factors": {"none": 1.0, "1.35": 1.35}, "drops": {"none": 0.0, "0.35": 0.35}, "scales": {"4": 4.0, "64": 64.0}}
ANGLES = formulas.angles(**NAMED)


def test_the_page_does_the_same(tmp_path):
    controls = {name[:-1]: Choice(name, list(values)) for name, values in NAMED.items()}
    agrees(ANGLES, controls | {"m2": Numeric("m2", (0, 0.5), 0.5, (0, 1.5))}, tmp_path)


@pytest.mark.parametrize("degrees", [20, 110, 165])
def test_the_pull_is_the_slope_of_the_loss_over_the_angle_and_the_dragged_feature_comes_last(degrees):
    chosen = {"factor": "1.35", "m2": 0.5, "drop": "0.35", "scale": "4"}

    def loss(angle):
        z = 4 * (math.cos(1.35 * angle + 0.5) - 0.35)
        return math.log(math.exp(z) + formulas.OTHERS) - z

    found = ANGLES.numbers(**chosen, feature=float(degrees))
    angle, step = math.radians(degrees), 1e-5
    slope = (loss(angle + step) - loss(angle - step)) / (2 * step)
    for place in (degrees - 1, -1):
        assert math.isclose(found["margin"]["loss"][place], loss(angle), rel_tol=1e-9)
        assert math.isclose(found["margin"]["pull"][place], slope / 4, rel_tol=1e-6)
    share = 1 - math.exp(-loss(angle))
    assert math.isclose(found["released"]["pull"][-1], share * math.sin(angle), rel_tol=1e-9)
    assert math.isclose(found["plain"]["logit"][-1], math.cos(angle), rel_tol=1e-9)
