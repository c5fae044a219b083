"""The gradients that the exercises ask for are those of automatic differentiation."""

import torch
from torch.nn.functional import conv1d

from mmnotes.page import check


def test_the_gradient_of_a_tap():
    def gradient(delta, features):
        weight = torch.zeros(delta.shape[1], features.shape[1], 1, requires_grad=True)
        return torch.autograd.grad((conv1d(features, weight) * delta).sum(), weight)[0][..., 0]

    assert check("zero_conv-4", gradient).right is True


def test_the_first_gradient_of_lora():
    def gradient(delta, x, down, scale):
        up = torch.zeros(delta.shape[1], len(down), requires_grad=True)
        return torch.autograd.grad((scale * x @ down.T @ up.T * delta).sum(), up)[0]

    assert check("zero_conv-5", gradient).right is True
