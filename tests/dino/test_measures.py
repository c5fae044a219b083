"""What is measured of attention and of features: pixel by pixel, at its ends, and by chance."""

import pytest
import torch

from mmnotes.dino import (
    attention_auc,
    attention_jaccard,
    attention_lift,
    attention_mask,
    neighbours_vote,
    object_shares,
)

MEASURES = (attention_auc, attention_lift, attention_jaccard)


def rand(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def masks(batch: int = 3) -> torch.Tensor:
    """Objects that end within patches."""
    found = torch.zeros(batch, 6, 15, dtype=torch.bool)
    for number in range(batch):
        found[number, 1:4, 2 + number : 9 + number] = True
    return found


def pixels(maps: torch.Tensor) -> torch.Tensor:
    return maps.repeat_interleave(2, 1).repeat_interleave(3, 2)


def test_shares_are_means_over_patches():
    shares = object_shares(masks(), rows=3, columns=5)
    for row in range(3):
        for column in range(5):
            patch = masks()[1, 2 * row : 2 * row + 2, 3 * column : 3 * column + 3]
            assert shares[1, 5 * row + column].item() == pytest.approx(patch.float().mean().item())


def test_the_measures_are_those_of_all_pixels():
    maps = rand(3, 3, 5)
    maps[:, 0, 0] = maps[:, 1, 1]  # a tie
    auc, lift, jaccard = (measure(maps, masks()) for measure in MEASURES)
    for number, (attention, mask) in enumerate(zip(pixels(maps), masks(), strict=True)):
        on, off = attention[mask], attention[~mask]
        wins = (on[:, None] > off).float() + (on[:, None] == off).float() / 2
        assert auc[number].item() == pytest.approx(wins.mean().item(), rel=1e-5)
        assert lift[number].item() == pytest.approx((on.mean() / attention.mean()).item(), rel=1e-5)
        kept = pixels(attention_mask(maps))[number]
        assert jaccard[number].item() == pytest.approx(((kept & mask).sum() / (kept | mask).sum()).item(), rel=1e-5)


def test_a_perfect_map_and_an_even_one():
    mask = torch.zeros(1, 6, 15, dtype=torch.bool)
    mask[:, 2:4, 3:9] = True
    perfect = torch.zeros(1, 3, 5)
    perfect[:, 1, 1:3] = 0.5
    # the even map's tie over the threshold is broken by place, so its Jaccard index is left out
    found = [measure(perfect, mask, **extra) for measure, extra in zip(MEASURES, ({}, {}, {"mass": 1.0}), strict=True)]
    assert [each.item() for each in found] == pytest.approx([1, 7.5, 1])
    even = torch.ones(1, 3, 5)
    assert attention_auc(even, mask).item() == pytest.approx(0.5)
    assert attention_lift(even, mask).item() == pytest.approx(1)
    assert attention_auc(1 - perfect, mask).item() == 0


def test_the_fewest_patches_that_hold_the_mass():
    maps = torch.tensor([[[0.1, 0.4], [0.3, 0.2]]])
    for mass, kept in ((0.39, 1), (0.41, 2), (0.69, 2), (0.71, 3), (0.0, 0)):
        found = attention_mask(maps, mass=mass)
        assert found.sum() == kept
        assert found.flatten()[maps.flatten().argsort(descending=True)].tolist() == [True] * kept + [False] * (4 - kept)


def test_neighbours_vote_by_their_cosine():
    bank = torch.tensor([[1.0, 0.0], [2.0, 0.2], [0.0, 1.0], [0.1, 3.0], [-1.0, 0.0]])
    labels = torch.tensor([0, 0, 2, 2, 1])
    asked = torch.tensor([[5.0, 1.0], [0.1, 0.2], [-3.0, 0.1]])
    assert neighbours_vote(asked, bank, labels, neighbours=2).tolist() == [0, 2, 1]
    # one near neighbour outweighs two far ones when the temperature is low
    one = torch.tensor([[1.0, 0.0]])
    far = torch.tensor([[1.0, 0.1], [1.0, 1.0], [1.0, -1.0]])
    assert neighbours_vote(one, far, torch.tensor([1, 0, 0]), neighbours=3, tau=0.07).item() == 1
    assert neighbours_vote(one, far, torch.tensor([1, 0, 0]), neighbours=3, tau=10.0).item() == 0


def test_what_is_refused():
    with pytest.raises(ValueError, match="rows and columns must divide 6 and 15, got 4 and 5"):
        object_shares(masks(), rows=4, columns=5)
    for measure in MEASURES:
        with pytest.raises(ValueError, match="rows and columns must divide"):
            measure(rand(3, 4, 5), masks())
    with pytest.raises(ValueError, match=r"mass must be within 0 and 1, got 1\.1"):
        attention_mask(rand(3, 3, 5), mass=1.1)
    for wrong in (0, 6):
        with pytest.raises(ValueError, match=f"neighbours must be within 1 and 5, got {wrong}"):
            neighbours_vote(rand(2, 3), rand(5, 3), torch.zeros(5, dtype=torch.long), neighbours=wrong)
