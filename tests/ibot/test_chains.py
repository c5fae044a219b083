"""Chains repeat as often as they are told to, and what is known of a hole is what counting over all of them gives."""

import itertools

import pytest
import torch

from mmnotes.ibot.chains import chains, known_of_chains


def test_states_are_uniform_and_stay_as_often_as_asked():
    chain = chains(count=4000, length=12, states=5, stay=0.7, random=torch.Generator().manual_seed(0))
    assert chain.shape == (4000, 12)
    counts = torch.bincount(chain.flatten(), minlength=5) / chain.numel()
    torch.testing.assert_close(counts, torch.full((5,), 0.2), atol=0.01, rtol=0)
    for apart in (1, 3):
        equal = (chain[:, apart:] == chain[:, :-apart]).float().mean().item()
        assert equal == pytest.approx(0.7**apart + (1 - 0.7**apart) / 5, abs=0.01)


def weight(states, stay, count):
    """The probability of a chain, one step at a time."""
    found = 1 / count
    for before, after in itertools.pairwise(states):
        found *= stay * (before == after) + (1 - stay) / count
    return found


@pytest.mark.parametrize("masked", ["01101", "11011", "11111", "00000", "10010"])
def test_what_is_known_is_what_all_chains_that_agree_say(masked):
    hidden, stay, chain = torch.tensor([[each == "1" for each in masked]]), 0.6, (2, 0, 0, 1, 2)
    counted = torch.zeros(5, 3)
    for other in itertools.product(range(3), repeat=5):
        if all(hide or one == mine for hide, one, mine in zip(hidden[0].tolist(), other, chain, strict=True)):
            counted[torch.arange(5), torch.tensor(other)] += weight(other, stay, 3)
    found = known_of_chains(torch.tensor([chain]), hidden, states=3, stay=stay)
    torch.testing.assert_close(found[0], counted / counted.sum(1, keepdim=True))


def test_nothing_below_a_hole_changes_what_is_known():
    random = torch.Generator().manual_seed(0)
    chain = chains(count=3, length=8, states=4, stay=0.9, random=random)
    masked = torch.rand(3, 8, generator=random) < 0.5
    other = chain.where(~masked, 3 - chain)
    assert not torch.equal(chain, other)
    known = (known_of_chains(each, masked, states=4, stay=0.9) for each in (chain, other))
    assert torch.equal(*known)


@pytest.mark.parametrize("stay", [-0.1, 1.1])
def test_a_probability_out_of_range_is_named(stay):
    with pytest.raises(ValueError, match=f"^stay must be within 0 and 1, got {stay}"):
        chains(count=1, length=2, states=2, stay=stay, random=torch.Generator())
    with pytest.raises(ValueError, match=f"^stay must be within 0 and 1, got {stay}"):
        known_of_chains(torch.zeros(1, 2).long(), torch.ones(1, 2).bool(), states=2, stay=stay)
