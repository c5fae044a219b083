"""The numbers of the lab that the page computes, against the package's descent and against its JavaScript."""

import pytest
import torch

from mmnotes.page import Choice, Numeric
from mmnotes.zero_conv import formulas, pixel_descent
from tests.held import agrees

STARTS = {"closed": [1.0, 0.8, 0.0, 0.5, 1.2, 0.0, 0.3], "dead": [1.0, 0.8, 0.0, 0.0, 1.2, 0.0, 0.3]}
WAKING = formulas.waking(STARTS)
STILL = [0.0] * 7


def test_the_page_does_the_same(tmp_path):
    steps, rate = Numeric("steps", (4, 12), 12, (1, 60)), Numeric("rate", (0.1, 0.3), 0.1, (0.01, 0.5), log=True)
    agrees(WAKING, {"start": Choice("start", list(STARTS)), "rate": rate, "steps": steps}, tmp_path)


def test_numbers_stand_in_the_order_of_the_chain_and_what_is_dragged_is_added():
    moved = [-0.5, 0.1, 0.2, 0.25, -0.2, 0.4, 0.5]
    found = WAKING.numbers(start="closed", rate=0.1, steps=3, moved=moved)
    assert found["begun"] == pytest.approx([0.5, 0.9, 0.2, 0.75, 1.0, 0.4, 0.8])
    start = torch.tensor([0.4, 1.0, 0.2, 0.9], dtype=torch.float64)
    weights, slopes, output = pixel_descent(start, x=0.75, hint=0.5, target=0.8, rate=0.1, steps=3)
    for name, each in (("weights", weights), ("slopes", slopes), ("output", output)):
        assert torch.allclose(found[name], each, atol=1e-12)


@pytest.mark.parametrize(
    ("start", "moved", "said"),
    [
        ("closed", STILL, "at step 0 tap; at step 1 copy, hint's last; at step 2 hint's first. Never: none."),
        ("closed", [0.0] * 4 + [-1.2, 0, 0], "none. Never: tap, copy, hint's last, hint's first."),
        ("closed", [-1.0] + [0.0] * 6, "at step 0 tap; at step 1 copy. Never: hint's last, hint's first."),
        ("closed", [0.0] * 5 + [0.6, 0], "at step 0 tap, copy, hint's last; at step 1 hint's first. Never: none."),
        ("dead", STILL, "none. Never: tap, copy, hint's last, hint's first."),
    ],
)
def test_who_wakes_is_said_in_words(start, moved, said):
    slopes = WAKING.numbers(start=start, rate=0.1, steps=5, moved=moved)["slopes"]
    assert formulas.wakes(slopes) == f"First slope: {said}"
