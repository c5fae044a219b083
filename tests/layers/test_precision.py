"""What is promoted, and that autocast does not undo it."""

import pytest
import torch

from mmnotes.layers.precision import promoted, without_autocast

HALVES = (torch.float16, torch.bfloat16)


@pytest.mark.parametrize("half", HALVES)
def test_the_widest_dtype_and_at_least_single(half):
    for given, expected in (
        ([half], torch.float32),
        ([*HALVES], torch.float32),
        ([half, torch.float32], torch.float32),
        ([torch.float32, half, torch.float64], torch.float64),
    ):
        assert {each.dtype for each in promoted(*(torch.ones(3, dtype=dtype) for dtype in given))} == {expected}


def test_products_keep_their_dtype_inside():
    x = torch.rand(5, 5, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        assert (x @ x).dtype == torch.bfloat16
        with without_autocast(x.device):
            found = x @ x
        assert (x @ x).dtype == torch.bfloat16, "and outside again as before"
    assert torch.equal(found, x @ x)


def test_the_meta_device_has_no_autocast_to_leave():
    with without_autocast(torch.device("meta")):
        assert (torch.ones(2, 3, device="meta") @ torch.ones(3, 5, device="meta")).shape == (2, 5)
