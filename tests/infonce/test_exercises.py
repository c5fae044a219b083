"""The gradient that an exercise asks for is that of the package's loss."""

import torch

from mmnotes.infonce import info_nce
from mmnotes.page import check


def test_automatic_differentiation_gives_the_gradient():
    def gradient(similarity, scale):
        similarity = similarity.requires_grad_()
        return torch.autograd.grad(info_nce(similarity, scale=scale), similarity)[0]

    assert check("infonce-3", gradient).right is True
