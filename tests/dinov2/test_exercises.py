"""The exercises' answers are what the package computes."""

import torch

from mmnotes.dinov2 import koleo_loss, pack, stochastic_depth
from mmnotes.dinov2.exercises import EXERCISES
from mmnotes.page import check


def test_the_push_is_the_gradient_of_koleo_along_the_sphere():
    """KoLeo makes unit features itself, so its gradient lacks the part along the feature."""
    features = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    unit = torch.nn.functional.normalize(features, dim=1).requires_grad_()
    (slope,) = torch.autograd.grad(koleo_loss(unit), unit)

    def along(push):
        return push - (push * unit).sum(1, keepdim=True) * unit

    torch.testing.assert_close(along(EXERCISES["dinov2-1"].solution(unit.detach())), slope, rtol=1e-5, atol=1e-6)


def test_packing_and_depth_are_the_answers():
    def blocks(lengths):
        return pack([torch.zeros(1, length, 2) for length in lengths]).mask()[0].float()

    def kept(x, weight, kept):
        return stochastic_depth(x, lambda rows: rows @ weight.T, kept)

    assert check("dinov2-3", blocks).right is True
    assert check("dinov2-5", kept).right is True
