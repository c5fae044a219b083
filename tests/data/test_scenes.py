"""Scenes: their truth is exact, their seed decides, and neither concepts nor photographs cross the split."""

import pytest
import torch
from torch.nn.functional import interpolate

from mmnotes.data import Scenes, concept_index, concepts, cutouts, drawings, grounds, photos, scenes
from mmnotes.data.scenes import OBJECT
from mmnotes.data.textures import HELD_OUT_PHOTOS, _kept_photos

VENDORS = ("noto", "fluent")


def drawn(count: int = 60, *, seed: int = 0, held_out: bool = False, **limits: int) -> Scenes:
    return scenes(count, vendors=VENDORS, held_out=held_out, seed=seed, **limits)


def test_shapes_ranges_and_how_many_objects():
    some = drawn(200)
    assert some.pixels().shape == some.ground.shape == (200, 3, 64, 64) and some.opacity.shape == (200, 3, 64, 64)
    assert some.masks().shape == (200, 64, 64) and some.concept.shape == (200, 3)
    for each in (some.pixels(), some.opacity, some.opacity.sum(1)):
        assert each.min() >= -1e-6 and each.max() <= 1 + 1e-6
    counts = (some.concept >= 0).sum(1)
    assert counts.unique().tolist() == [1, 2, 3] and counts.bincount()[1:].min() > 45
    assert (some.concept.sort(1, descending=True)[0] >= 0).sum(1).equal(counts), "absent objects come last"
    assert not some.opacity[some.concept < 0].any()
    assert 0.25 < some.masks().float().mean() < 0.35
    assert 0.13 < drawn(200, most=1).masks().float().mean() < 0.22
    assert (drawn(fewest=1, most=1).concept[:, 1:] == -1).all()
    assert (drawn(fewest=3).concept >= 0).all()


def test_the_seed_decides_and_owns_its_generator():
    torch.manual_seed(0)
    state = torch.get_rng_state()
    one, again, other = drawn(5, seed=1), drawn(5, seed=1), drawn(5, seed=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(*pair) for pair in zip(one, again, strict=True))
    assert not torch.equal(one.pixels(), other.pixels())


def test_one_object_is_its_drawing_resized_and_the_mask_its_opacity():
    """Cut out of the scene, the object is a drawing of its concept at the box's size, mirrored or not.

    Where it ends at a rim, it is what is left of such a drawing; those in corners are left out.
    """
    some, seen = drawn(60, fewest=1, most=1), []
    kept = {vendor: cutouts(vendor=vendor) for vendor in VENDORS}
    for colour, opacity, concept in zip(some.colour, some.opacity[:, 0], some.concept[:, 0], strict=True):
        rows, columns = opacity.any(1).nonzero().flatten(), opacity.any(0).nonzero().flatten()
        found = torch.cat([colour, opacity[None]])[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert max(found.shape[1:]) <= OBJECT[1]
        rims = [end for each in (rows, columns) for end in (int(each[0]) == 0, int(each[-1]) == 63)]
        if sum(rims) < 2:
            seen.append(any(rims))
            assert any(shows(found, kept[vendor][concept], rims) for vendor in VENDORS)
    assert min(seen.count(True), seen.count(False)) > 5


def shows(found: torch.Tensor, drawing: torch.Tensor, rims: list[bool]) -> bool:
    """Whether a cutting is the drawing at one of the sides, mirrored or not, cut off at the rim that it touches."""
    height, width = found.shape[1:]
    for side in range(OBJECT[0], OBJECT[1] + 1):
        for each in (drawing, drawing.flip(-1)):
            resized = interpolate(each[None], (side, side), mode="bilinear", align_corners=False, antialias=True)[0]
            cut = trimmed(resized)
            for rim, axis, length in zip(rims, (1, 1, 2, 2), (-height, height, -width, width), strict=True):
                if rim and cut.shape[axis] > abs(length):
                    cut = trimmed(cut.narrow(axis, 0 if length > 0 else cut.shape[axis] + length, abs(length)))
            if cut.shape == found.shape and torch.allclose(cut, found, atol=1e-5):
                return True
    return False


def trimmed(drawing: torch.Tensor) -> torch.Tensor:
    """Without the rows and columns around it that are empty."""
    rows, columns = drawing[3].any(1).nonzero().flatten(), drawing[3].any(0).nonzero().flatten()
    return drawing[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_objects_lie_anywhere_and_the_rim_cuts_some_off():
    some = drawn(400, fewest=1, most=1)
    seen = some.masks().float().mean(0)
    assert seen[24:40, 24:40].mean() < 2.5 * seen[:8].mean(), "the middle is no good guess"
    ends = torch.stack([some.masks()[:, [0, -1]].flatten(1).any(1), some.masks()[..., [0, -1]].flatten(1).any(1)])
    assert 0.5 < ends.any(0).float().mean() < 0.95
    assert (some.masks().flatten(1).sum(1) > 0).all()


def test_a_later_object_hides_an_earlier_one():
    """What is seen of all objects is 1 - Π (1 - their own opacity); none is seen more than it covers alone."""
    some = drawn(200, fewest=3)
    seen = some.opacity.sum(1)
    assert seen.max() <= 1 + 1e-6
    front = some.opacity[:, 2]
    assert (some.opacity[:, :2].sum(1)[front > 0.999] < 1e-2).all()
    crossed = ((some.opacity > 0.05).sum(1) > 1).any(2).any(1)
    assert crossed.float().mean() > 0.3, "objects do meet"


def test_another_ground_changes_what_no_object_covers_and_nothing_else():
    some, other = drawn(20), grounds(20, held_out=False, seed=99)
    moved = some.on(other)
    bare, covered = some.opacity.sum(1) == 0, some.opacity.sum(1) > 1 - 1e-6
    assert torch.equal(moved.pixels().movedim(1, -1)[bare], other.movedim(1, -1)[bare])
    assert torch.equal(some.pixels().movedim(1, -1)[bare], some.ground.movedim(1, -1)[bare])
    torch.testing.assert_close(
        moved.pixels().movedim(1, -1)[covered], some.pixels().movedim(1, -1)[covered], rtol=0, atol=1e-5
    )
    assert torch.equal(moved.masks(), some.masks()) and torch.equal(moved.concept, some.concept)
    assert covered.any() and bare.any()


def test_concepts_do_not_cross_the_split_and_grounds_neither():
    for held_out in (False, True):
        some = drawn(100, held_out=held_out)
        assert {concepts()[place].held_out for place in some.concept[some.concept >= 0].tolist()} == {held_out}
    assert not torch.equal(grounds(50, held_out=False, seed=0), grounds(50, held_out=True, seed=0))


def test_held_out_photographs_are_seen_on_one_side_only(monkeypatch):
    """With photographs of one colour each, the colours tell which ones were cut.

    Grounds are taken to a power, which leaves the ratio of two colours' logarithms.
    """
    names = list(photos())
    flat = {name: torch.full((3, 128, 128), 0.5) for name in names}
    for number, name in enumerate(names):
        flat[name][0] = 0.5 ** ((1 + number) / 4)
    monkeypatch.setattr("mmnotes.data.textures.photos", lambda: flat)
    for held_out in (False, True):
        _kept_photos.cache_clear()
        drawn_grounds = grounds(200, held_out=held_out, seed=3)
        _kept_photos.cache_clear()
        plain = drawn_grounds[drawn_grounds.std((2, 3)).amax(1) < 1e-6, :, 0, 0]
        seen = {names[round(4 * each) - 1] for each in (plain[:, 0].log() / plain[:, 1].log()).tolist()}
        assert 0.4 < len(plain) / 200 < 0.6, "half are photographs"
        assert seen == {name for name in names if (name in HELD_OUT_PHOTOS) == held_out}


def test_grounds_are_in_range_and_their_seed_decides():
    one, again, other = (grounds(40, held_out=False, seed=seed) for seed in (1, 1, 2))
    assert one.shape == (40, 3, 64, 64) and one.min() >= 0 and one.max() <= 1
    assert torch.equal(one, again) and not torch.equal(one, other)
    assert grounds(0, held_out=False, seed=1).shape == (0, 3, 64, 64)
    assert (one.std((2, 3)).amax(1) > 0.01).all(), "none is plain"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_cutout_on_white_is_the_drawing(vendor):
    cut = cutouts(vendor=vendor)
    assert cut.shape == (849, 4, 32, 32) and cut.min() >= 0 and cut.max() <= 1
    assert (cut[:, :3] <= cut[:, 3:] + 1e-6).all(), "colour is weighted by opacity"
    torch.testing.assert_close(cut[:, :3] + 1 - cut[:, 3:], drawings(vendor=vendor))
    cat = cut[concept_index("cat face")][3]
    assert cat[16, 16] == 1 and cat[0, 0] == 0


def test_the_rim_cuts_off_as_much_as_was_allowed():
    """Whole objects keep off the rim by what is empty around a drawing; half of one may be missing."""

    def rims(cut):
        found = drawn(300, fewest=1, most=1, cut=cut).masks()
        return torch.cat([found[:, [0, -1]].flatten(1), found[:, :, [0, -1]].flatten(1)], 1).float().mean()

    whole, some, half = rims(0.0), rims(0.1), rims(0.5)
    assert whole < 0.01 < some < 0.03 < half


@pytest.mark.parametrize("cut", [-0.1, 1.0])
def test_a_cut_that_leaves_nothing_is_refused(cut):
    with pytest.raises(ValueError, match=f"cut must be at least 0 and below 1, got {cut}"):
        drawn(1, cut=cut)


@pytest.mark.parametrize(("fewest", "most"), [(0, 1), (2, 1), (1, 4)])
def test_numbers_of_objects_that_do_not_fit_are_refused(fewest, most):
    with pytest.raises(ValueError, match=f"within 1 and 3, in this order, got {fewest} and {most}"):
        drawn(1, fewest=fewest, most=most)
