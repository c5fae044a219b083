"""Numbers that a loss cannot work with are named, as Python's and as tensors, on the meta device never."""

import math

import pytest
import torch

from mmnotes.layers.scales import check_finite, check_positive


@pytest.mark.parametrize("value", [0.0, -0.07, math.inf, math.nan])
def test_positive(value):
    for given in (value, torch.tensor(value), torch.tensor(value, requires_grad=True)):
        with pytest.raises(ValueError, match=f"tau must be positive and finite, got {value}"):
            check_positive(given, name="tau")
    check_positive(torch.tensor(value, device="meta"), name="tau")
    check_positive(0.07, name="tau")


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_finite(value):
    for given in (value, torch.tensor(value), torch.tensor(value, requires_grad=True)):
        with pytest.raises(ValueError, match=f"bias must be finite, got {value}"):
            check_finite(given, name="bias")
    check_finite(torch.tensor(value, device="meta"), name="bias")
    check_finite(-10, name="bias")
