"""The data are what their names say."""

import torch

from mmnotes.data import digits


def test_digits_are_the_ones_of_the_source():
    images, labels = digits()
    assert images.shape == (1797, 8, 8) and images.dtype == torch.float32
    assert images.min() == 0 and images.max() == 1 and torch.equal(16 * images, (16 * images).round())
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_each_digit_looks_like_its_label():
    """The nearest mean picture names the digit for nine in ten: labels and pictures are in the same order."""
    images, labels = digits()
    means = torch.stack([images[labels == digit].mean(0) for digit in range(10)])
    nearest = torch.cdist(images.flatten(1), means.flatten(1)).argmin(1)
    assert (nearest == labels).double().mean() > 0.88


def test_digits_are_read_afresh():
    images, _ = digits()
    images.zero_()
    assert digits()[0].max() == 1
