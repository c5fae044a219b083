"""The numbers of the labs that the page computes, against the definition and against their JavaScript."""

import math

import pytest
import torch

from mmnotes.layers.rotation import frequency_ladder
from mmnotes.page import Choice, Formula, Numeric
from mmnotes.rope import formulas, position_kernel
from tests.held import agrees

LADDER = frequency_ladder(planes=8, base=100, dtype=torch.float64)
P, DISTANCE = Numeric("p", range(3), 0, (0, 20)), Numeric("distance", (-1, 1), 1, (-20, 20))
BASE, PLANES = Numeric("base", (10, 1e4), 1e4, (2, 1e8), log=True), Numeric("planes", (2, 64), 64, (1, 128))


@pytest.fixture
def hands() -> Formula:
    random = torch.Generator().manual_seed(3)
    q, k = torch.randn(2, 16, generator=random, dtype=torch.float64)
    to_q, to_k = torch.randn(2, 16, 16, generator=random, dtype=torch.float64)
    return formulas.hands(q, k, to_q, to_k, LADDER)


def test_the_pages_do_the_same(hands, tmp_path):
    agrees(hands, {"p": P, "distance": DISTANCE}, tmp_path)
    ladder = formulas.ladder(made_for={"equal": 0, "made": 1000})
    agrees(ladder, {"base": BASE, "planes": PLANES, "key": Choice("key", ["equal", "made"])}, tmp_path)


def test_hands_are_turned_by_place_and_by_the_reader_and_the_score_knows_neither_place(hands):
    still, moved = (hands.numbers(p=p, distance=4, query=[0.0] * 4) for p in (0, 7))
    turned = hands.numbers(p=0, distance=4, query=[0.0, 0.5, 0.0, 0.0])
    for side in (0, 1):
        before, after = (torch.view_as_complex(each["hands"][side].contiguous()) for each in (still, moved))
        assert torch.allclose((after / before).angle().cos(), (7 * LADDER[formulas.SHOWN]).cos())
    assert torch.allclose(still["turned"], still["turned"][0].expand(21))
    assert still["added"].std() > 0.1
    changed = (turned["hands"] - still["hands"]).abs().sum(-1) > 1e-9
    assert changed.tolist() == [[False, True, False, False], [False] * 4]


def test_a_band_holds_its_mean_and_a_key_made_for_a_distance_is_best_there():
    ladder = formulas.ladder(made_for={"made": 1000})
    found = ladder.numbers(base=1e4, planes=64, key="made")
    assert ((found["low"] <= found["mean"]) & (found["mean"] <= found["high"])).all()
    assert found["told"][2] == 1 and found["told"].argmax() == 2
    rungs = frequency_ladder(planes=64, base=1e4, dtype=torch.float64)
    assert torch.equal(found["told"][1:2], position_kernel(torch.tensor([[-900]]), rungs[:, None]))
    assert math.isclose(found["wavelengths"][0], 2 * math.pi)
