"""Layers as loops over lists, and weights that are not those of the start."""

import math

import torch


def stirred(module):
    """Weights far from their start, so that a norm or a bias left out is seen."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        with torch.no_grad():
            parameter.mul_(parameter.ndim == 1).add_(0.2 * torch.randn_like(parameter))
    return module.double()


def layer_norm(x, norm):
    mean = sum(x) / len(x)
    variance = sum((a - mean) ** 2 for a in x) / len(x)
    scaled = [(a - mean) / math.sqrt(variance + 1e-5) for a in x]
    return [w * a + b for w, a, b in zip(norm.weight.tolist(), scaled, norm.bias.tolist(), strict=True)]


def linear(x, layer):
    found = [sum(w * a for w, a in zip(row, x, strict=True)) for row in layer.weight.tolist()]
    return found if layer.bias is None else plus(found, layer.bias.tolist())


def plus(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]
