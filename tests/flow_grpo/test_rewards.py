"""The rewards of pictures and the measure of diversity."""

import itertools

import pytest
import torch

from mmnotes.flow_grpo import blueness, diversity, likeness


def test_blueness_of_plain_colours():
    colours = torch.tensor([[1.0, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0], [0.5, 0.5, 0.5]])
    pictures = colours[:, :, None, None].expand(-1, -1, 3, 5)
    torch.testing.assert_close(blueness(pictures), torch.tensor([0, 0, 1, -0.5, 0]))


def test_likeness_is_the_cosine_whatever_the_lengths():
    seen, wanted = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for row in range(5):
        cosine = sum(a * b for a, b in zip(seen[row], wanted[row], strict=True)) / seen[row].norm() / wanted[row].norm()
        assert abs(likeness(3 * seen, wanted)[row] - cosine) < 1e-12
    torch.testing.assert_close(likeness(wanted, 2 * wanted), torch.ones(5, dtype=torch.float64))


def test_diversity_is_the_mean_over_pairs():
    pictures = torch.randn(3, 2, 5, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    pairs = [(a - b).square().mean((1, 2)).sqrt() for a, b in itertools.combinations(pictures, 2)]
    torch.testing.assert_close(diversity(pictures), torch.stack(pairs).mean(0))
    assert not diversity(pictures[:1].expand(3, 2, 5, 7)).any()


def test_one_sample_has_no_diversity():
    with pytest.raises(ValueError, match="pictures must be at least 2 samples of each prompt, got 1"):
        diversity(torch.ones(1, 2, 3))
