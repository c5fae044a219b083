"""Features and formulas that several tests of the contrastive losses share."""

import torch
from torch.nn.functional import cross_entropy


def waves(rows, columns, shift=0.0):
    """Entries of a formula, between -1 and 1."""
    row, column = torch.arange(rows, dtype=torch.float64)[:, None], torch.arange(columns, dtype=torch.float64)
    return torch.cos(3 * row + 5 * column + row * column + shift)


def features():
    """Seven images and seven texts, of five dimensions and of lengths that are not one."""
    row, column = torch.arange(7, dtype=torch.float64)[:, None], torch.arange(5, dtype=torch.float64)
    return waves(7, 5) + 0.2 * torch.sin(7 * row + column**2), waves(7, 5, shift=0.9)


def textbook(scores, scale):
    pairs = torch.arange(len(scores))
    return (cross_entropy(scale * scores, pairs) + cross_entropy(scale * scores.T, pairs)) / 2


def slopes(loss, *inputs):
    return torch.autograd.grad(loss, inputs)
