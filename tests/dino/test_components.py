"""The directions in which tokens differ most, and their colours."""

import pytest
import torch

from mmnotes.dino import as_colours, principal_components

TOKENS = torch.randn(13, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TOKENS *= torch.tensor([5.0, 3, 2, 1, 0.5, 0.2, 0.1])


def test_scores_are_those_of_the_singular_vectors_up_to_a_sign():
    scores, shares = principal_components(TOKENS, count=3)
    u, s, _ = torch.linalg.svd(TOKENS - TOKENS.mean(0), full_matrices=False)
    torch.testing.assert_close(scores.abs(), (u * s)[:, :3].abs())
    torch.testing.assert_close(shares, (s.square() / s.square().sum())[:3])


def test_scores_are_uncorrelated_and_ordered():
    scores, shares = principal_components(TOKENS, count=7)
    products = scores.T @ scores
    torch.testing.assert_close(products, products.diagonal().diag(), atol=1e-9, rtol=0)
    assert (shares.diff() < 0).all()
    torch.testing.assert_close(shares.sum(), torch.tensor(1.0, dtype=torch.float64))


def test_signs_do_not_depend_on_those_of_the_tokens():
    scores, _ = principal_components(TOKENS, count=4)
    assert (scores.pow(3).sum(0) >= 0).all()
    turned, _ = torch.linalg.qr(torch.randn(7, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64))
    torch.testing.assert_close(principal_components(TOKENS @ turned, count=4)[0], scores)
    torch.testing.assert_close(principal_components(TOKENS + 3, count=4)[0], scores)


def test_a_token_that_stands_alone_is_large():
    tokens = torch.zeros(20, 3)
    tokens[4] = torch.tensor([0.0, -2, 0])
    scores, shares = principal_components(tokens, count=1)
    assert scores.dtype == torch.float32 and scores.argmax() == 4 and shares[0] == 1


def test_colours_reach_from_nothing_to_full():
    scores, _ = principal_components(TOKENS, count=3)
    colours = as_colours(scores)
    assert colours.amin(0).tolist() == [0, 0, 0] and colours.amax(0).tolist() == [1, 1, 1]
    span = scores.amax(0) - scores.amin(0)
    torch.testing.assert_close(colours * span + scores.amin(0), scores)
    assert not as_colours(torch.ones(4, 3)).any()


@pytest.mark.parametrize("count", [0, 8])
def test_other_counts_are_refused(count):
    with pytest.raises(ValueError, match=rf"^count must be within 1 and dim = 7, got {count}$"):
        principal_components(TOKENS, count=count)


def test_tokens_that_are_the_same_are_refused():
    with pytest.raises(ValueError, match=r"^tokens must differ, got 5 that are the same$"):
        principal_components(torch.ones(5, 3), count=1)
