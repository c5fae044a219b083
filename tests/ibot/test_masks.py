"""Masks: how much they hide and in what shapes, against the authors' loader."""

import pytest
import torch

from mmnotes.ibot import block_mask, crop_masks, mask_ratios, random_mask

# ImageFolderMask of github.com/bytedance/ibot at da316d8263 (loader.py) with its released settings, seed 0, on 40,000
# crops of 14 x 14 patches: the share without holes, the mean share that is hidden, of all and of those with holes, its
# largest, the deciles 1, 5 and 9 of those with holes, and how often the right neighbour of a hidden patch is hidden.
RELEASED = {
    "none": (0.498, 0.015),
    "all": (0.1474, 0.006),
    "masked": (0.2938, 0.006),
    "tenth": (0.1327, 0.012),
    "middle": (0.2959, 0.016),
    "ninetieth": (0.4541, 0.012),
    "neighbour": (0.850, 0.01),
}
EXACTLY = {4: 0.2499, 8: 0.2958, 14: 0.2921}  # the same, rows and columns of a crop -> share hidden where 0.3 is wanted


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def many():
    return crop_masks(count=6000, rows=14, columns=14, random=generator())


def test_hide_as_much_and_in_such_blocks_as_the_authors_do(many):
    share, grids = many.float().mean(1), many.unflatten(1, (14, 14))
    some = share[share > 0]
    found = {
        "none": (share == 0).float().mean(),
        "all": share.mean(),
        "masked": some.mean(),
        **dict(zip(("tenth", "middle", "ninetieth"), some.quantile(torch.tensor([0.1, 0.5, 0.9])), strict=True)),
        "neighbour": (grids[:, :, 1:] & grids[:, :, :-1]).sum() / grids[:, :, 1:].sum(),
    }
    for name, (value, tolerance) in RELEASED.items():
        assert found[name].item() == pytest.approx(value, abs=tolerance), name
    assert share.max() <= 0.5


@pytest.mark.parametrize("side", EXACTLY)
def test_blocks_stay_a_little_below_the_share_as_the_authors_do(side):
    random = generator(1)
    hidden = (
        torch.stack([block_mask(rows=side, columns=side, ratio=0.3, random=random) for _ in range(1500)])
        .float()
        .mean((1, 2))
    )
    assert hidden.max() <= 0.3 and hidden.mean().item() == pytest.approx(EXACTLY[side], abs=0.003)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 7), (14, 9)])
@pytest.mark.parametrize("make", [block_mask, random_mask])
def test_any_grid_and_share_gives_a_mask_that_is_not_larger(make, rows, columns):
    for ratio in (0.0, 0.4, 1.0):
        mask = make(rows=rows, columns=columns, ratio=ratio, random=generator())
        assert mask.shape == (rows, columns) and mask.dtype == torch.bool
        assert mask.sum() <= ratio * rows * columns


def test_single_patches_are_so_many_and_spread():
    masks = torch.stack([random_mask(rows=14, columns=14, ratio=0.3, random=generator(seed)) for seed in range(200)])
    assert {*masks.sum((1, 2)).tolist()} == {int(0.3 * 196)}
    neighbour = (masks[:, :, 1:] & masks[:, :, :-1]).sum() / masks[:, :, 1:].sum()
    assert neighbour.item() == pytest.approx(0.3, abs=0.02)


def test_the_seed_alone_decides():
    first, second = (crop_masks(count=8, rows=5, columns=7, random=generator(3)) for _ in range(2))
    assert torch.equal(first, second) and not torch.equal(
        first, crop_masks(count=8, rows=5, columns=7, random=generator(4))
    )
    assert crop_masks(count=0, rows=5, columns=7, random=generator()).shape == (0, 35)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: block_mask(rows=0, columns=3, ratio=0.3, random=generator()),
            "^rows and columns must be positive, got 0 and 3",
        ),
        (
            lambda: random_mask(rows=3, columns=3, ratio=1.2, random=generator()),
            "^ratio must be within 0 and 1, got 1.2",
        ),
        (lambda: mask_ratios(count=3, random=generator(), none=-0.1), "^none must be within 0 and 1, got -0.1"),
        (lambda: mask_ratios(count=3, random=generator(), low=0.6), "^low must not be above high = 0.5, got 0.6"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
