"""Multi-crop: how large the crops are, what lies in them, and what their colours are."""

import math

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample

from mmnotes.dino import crop_boxes, cropped, jittered, multi_crop


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ramps(batch: int, height: int, width: int) -> torch.Tensor:
    """Red is the place from left to right, green from top to bottom, blue the number of the picture."""
    down, across = ((torch.arange(each).double() + 0.5) / each for each in (height, width))
    red, green = across.expand(height, -1), down[:, None].expand(-1, width)
    each = [torch.stack([red, green, torch.full_like(red, number / 10)]) for number in range(batch)]
    return torch.stack(each)


def test_shapes_and_range():
    pixels = torch.rand(3, 5, 3, 28, 31, generator=generator())
    large, small = multi_crop(pixels, global_size=14, local_size=7, local_crops=4, random=generator())
    assert large.shape == (2, 5, 3, 14, 14) and small.shape == (4, 5, 3, 7, 7)
    for crops in (large, small):
        assert crops.min() >= 0 and crops.max() <= 1


def test_crops_take_the_versions_in_turn():
    """One picture, black in the first version and white in the second: jitter keeps the two apart."""
    pixels = torch.stack([torch.zeros(5, 3, 16, 16), torch.ones(5, 3, 16, 16)])
    large, small = multi_crop(pixels, global_size=8, local_size=4, local_crops=3, random=generator())
    assert [int(crops.mean() > 0.3) for crops in (*large, *small)] == [0, 1, 0, 1, 0]
    same, _ = multi_crop(pixels[:1], global_size=8, local_size=4, local_crops=3, random=generator())
    assert not same.any()


def test_boxes_have_the_wanted_area_and_lie_within():
    boxes = crop_boxes(count=20_000, share=(0.1, 0.4), random=generator())
    left, top, width, height = boxes.unbind(1)
    assert boxes.min() >= 0 and (left + width).max() <= 1 + 1e-6 and (top + height).max() <= 1 + 1e-6
    area, aspect = width * height, width / height
    assert 0.1 - 1e-6 <= area.min() < 0.101 and 0.399 < area.max() <= 0.4 + 1e-6
    assert area.mean().item() == pytest.approx(0.25, abs=0.003)
    assert aspect.log().mean().abs() < 0.01 and aspect.max().item() == pytest.approx(4 / 3, rel=1e-2)
    assert (left / (1 - width)).mean().item() == pytest.approx(0.5, abs=0.01)


def test_a_box_is_cut_down_to_the_picture():
    boxes = crop_boxes(count=1000, share=(1.0, 1.0), random=generator())
    assert boxes[:, 2:].max() <= 1 and (boxes[:, 2:].min(1)[0] < 0.99).any()


def test_a_crop_shows_what_lies_in_its_box():
    pixels = ramps(2, 40, 60)
    boxes = torch.tensor([[0.25, 0.5, 0.5, 0.25], [0.0, 0.0, 1.0, 1.0]], dtype=torch.float64)
    crops = cropped(pixels, boxes, size=4)
    places = (torch.arange(4).double() + 0.5) / 4
    torch.testing.assert_close(crops[0, 0], (0.25 + 0.5 * places).expand(4, -1), rtol=0, atol=1e-9)
    torch.testing.assert_close(crops[0, 1], (0.5 + 0.25 * places)[:, None].expand(-1, 4), rtol=0, atol=1e-9)
    torch.testing.assert_close(crops[1, 0], places.expand(4, -1), rtol=0, atol=1e-9)
    assert crops[1, 2].unique().item() == pytest.approx(0.1)


def test_equals_grid_sample():
    pixels = torch.rand(5, 3, 13, 11, generator=generator()).double()
    boxes = crop_boxes(count=5, share=(0.1, 1.0), random=generator()).double()
    maps = torch.zeros(5, 2, 3).double()
    maps[:, 0, 0], maps[:, 1, 1] = boxes[:, 2], boxes[:, 3]
    maps[:, :, 2] = 2 * boxes[:, :2] + boxes[:, 2:] - 1
    grid = affine_grid(maps, [5, 3, 7, 7], align_corners=False)
    expected = grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(cropped(pixels, boxes, size=7), expected, rtol=0, atol=1e-12)


def test_the_whole_at_its_own_size_is_the_picture():
    pixels = torch.rand(2, 3, 9, 9, generator=generator())
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).expand(2, -1)
    torch.testing.assert_close(cropped(pixels, boxes, size=9), pixels, rtol=0, atol=1e-6)


def test_jitter_mirrors_half_and_greys_a_fifth():
    pixels = ramps(1, 8, 8).float().expand(4000, -1, -1, -1)
    seen = jittered(pixels, random=generator())
    grey = (seen.amax(1) - seen.amin(1)).amax((1, 2)) < 1e-6
    assert grey.float().mean().item() == pytest.approx(0.2, abs=0.02)
    untouched = [(seen - each).abs().amax((1, 2, 3)) < 1e-6 for each in (pixels, pixels.flip(-1))]
    for share in untouched:  # a fifth is not jittered, four fifths of it stay in colour, half of them mirrored
        assert share.float().mean().item() == pytest.approx(0.2 * 0.8 / 2, abs=0.015)


def test_a_weaker_jitter_goes_less_far_and_none_only_mirrors():
    pixels = 0.25 + 0.5 * ramps(1, 8, 8).float().expand(2000, -1, -1, -1)
    plain = jittered(pixels, random=generator(), strength=0.0)
    assert ((plain == pixels).flatten(1).all(1) ^ (plain == pixels.flip(-1)).flatten(1).all(1)).all()
    weak, full = (jittered(pixels, random=generator(), strength=strength) for strength in (0.25, 1.0))
    moved = [(each - plain).abs().mean() for each in (weak, full)]
    assert 0 < moved[0] < 0.5 * moved[1]
    grey = (weak.amax(1) - weak.amin(1)).amax((1, 2)) < 1e-6
    assert grey.float().mean().item() == pytest.approx(0.25 * 0.2, abs=0.015)
    sizes = dict(global_size=8, local_size=4, local_crops=1)
    large, small = multi_crop(pixels[None, :40], **sizes, random=generator(), strength=0.0)
    assert min(large.min(), small.min()) >= 0.25 and max(large.max(), small.max()) <= 0.75, "no colour is changed"


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_a_strength_that_is_none_is_refused(strength):
    with pytest.raises(ValueError, match=f"strength must be within 0 and 1, got {strength}"):
        jittered(torch.zeros(1, 3, 2, 2), random=generator(), strength=strength)


def test_jitter_turns_hue_and_leaves_grey_grey():
    grey = torch.rand(500, 1, 4, 4, generator=generator()).expand(-1, 3, -1, -1)
    seen = jittered(grey, random=generator())
    torch.testing.assert_close(seen.amax(1), seen.amin(1), rtol=0, atol=1e-5)
    red = torch.tensor([0.6, 0.3, 0.3])[:, None, None].expand(2000, -1, 2, 2)
    coloured = jittered(red, random=generator())[:, :, 0, 0]
    opposed = coloured - coloured.mean(1, keepdim=True)
    angle = torch.atan2(math.sqrt(3) * (opposed[:, 1] - opposed[:, 2]), 3 * opposed[:, 0]).abs()
    kept = opposed.norm(dim=1) > 0.05
    assert angle[kept].max().item() == pytest.approx(2 * math.pi * 0.1, rel=0.05)
    assert angle[kept].median() > 0.15


def test_a_generator_of_the_same_seed_gives_the_same_views_and_inputs_stay():
    pixels = torch.rand(1, 3, 3, 16, 16, generator=generator())
    before = pixels.clone()
    one, again, other = (
        multi_crop(pixels, global_size=8, local_size=4, local_crops=2, random=generator(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one[0], again[0]) and torch.equal(one[1], again[1]) and not torch.equal(one[0], other[0])
    assert torch.equal(pixels, before)


@pytest.mark.parametrize("share", [(0.0, 0.5), (0.6, 0.5), (0.5, 1.1)])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="share must be two numbers within 0 and 1, in order"):
        crop_boxes(count=3, share=share, random=generator())
