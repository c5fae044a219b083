"""Stochastic depth: the authors' numbers, its average, and that the others are not computed."""

import pytest
import torch

from mmnotes.dinov2 import kept_rows, stochastic_depth

# drop_add_residual_stochastic_depth of github.com/facebookresearch/dinov2 at b8931f7bf9 (layers/block.py), torch
# 2.13.0: the branch is a sine, x is arange(60) / 10 as (10, 2, 3), these are kept; channel 2 of token 1 of each.
KEPT = [4, 1, 7, 5, 3, 9]
RELEASED = [0.5, 2.5853457, 1.7, 3.5428419, 3.2987487, 2.9153614, 4.1, 3.0334611, 5.3, 5.2768726]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_equals_the_authors_numbers():
    x = torch.arange(60.0).view(10, 2, 3) / 10
    found = stochastic_depth(x, torch.sin, torch.tensor(KEPT))
    torch.testing.assert_close(found[:, 1, 2], torch.tensor(RELEASED), rtol=1e-6, atol=1e-6)


def test_only_what_is_kept_is_computed_and_nothing_is_changed():
    x, seen = torch.ones(7, 2, 3), []

    def branch(rows):
        seen.append(len(rows))
        return rows

    found = stochastic_depth(x, branch, torch.tensor([5, 2]))
    assert seen == [2] and torch.equal(x, torch.ones(7, 2, 3))
    assert found[:, 0, 0].tolist() == [1, 1, 4.5, 1, 1, 4.5, 1]


@pytest.mark.parametrize(
    ("batch", "rate", "kept"), [(10, 0.4, 6), (10, 0.0, 10), (3, 0.5, 1), (5, 1.0, 1), (1, 0.9, 1)]
)
def test_so_many_are_kept_and_none_twice(batch, rate, kept):
    rows = kept_rows(batch=batch, rate=rate, random=generator())
    assert len(rows) == kept == len(rows.unique()) and rows.max() < batch


def test_on_average_it_is_the_whole_branch():
    """Each picture is kept equally often, so the mean over many draws comes near x + branch(x), as 1 / √draws."""
    x, random = torch.randn(5, 2, 3, generator=generator()), generator(1)
    draws = [stochastic_depth(x, torch.cos, kept_rows(batch=5, rate=0.4, random=random)) for _ in range(4000)]
    torch.testing.assert_close(torch.stack(draws).mean(0), x + x.cos(), rtol=0, atol=0.06)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kept_rows(batch=4, rate=1.1, random=generator()), "^rate must be within 0 and 1, got 1.1"),
        (lambda: kept_rows(batch=0, rate=0.1, random=generator()), "^batch must be positive, got 0"),
        (
            lambda: stochastic_depth(torch.zeros(2, 1, 1), torch.sin, torch.tensor([]).long()),
            "^kept must name at least",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
