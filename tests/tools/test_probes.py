"""What a study asks of patches: an eye that sees masks answers all of it, on any grid."""

import pytest
import torch

from mmnotes.dino import object_shares
from tools.dino import neighbours, probes


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(probes, "COUNTS", dict.fromkeys(probes.COUNTS, 20))
    yield probes.drawn.cache_clear(), probes.masks.cache_clear()
    probes.drawn.cache_clear()
    probes.masks.cache_clear()


def seer(*, grid: int) -> probes.Eye:
    """Sees of each patch, 8 pixels wide, how much of it is object and how much is not."""

    def eye(pixels: torch.Tensor) -> probes.Seen:
        assert pixels.shape[-1] == 8 * grid
        for name in ("patches", "looked", "others"):
            if torch.equal(probes.enlarged(probes.drawn(name).pixels(), pixels.shape[-1]), pixels):
                share = object_shares(probes.masks(name), rows=grid, columns=grid)
                return probes.Seen(share, torch.stack([share, 1 - share], 2))
        raise AssertionError("pictures of no set")

    return eye


@pytest.mark.parametrize(("grid", "size"), [(8, 64), (12, 96)])
def test_a_probe_of_patches_takes_the_grid_that_it_is_given(grid, size):
    iou, auc = probes.patch_measures(probes.at_size(seer(grid=grid), size))
    assert iou > 0.95 and auc > 0.95


def test_overlap_is_what_is_both_found_and_there_of_what_is_either(monkeypatch):
    left = (torch.arange(64) % 8 < 4).float()
    monkeypatch.setattr(probes, "line", lambda *_: lambda asked: asked)

    def eye(pixels: torch.Tensor) -> probes.Seen:
        """Takes the left half of every scene for the object."""
        return probes.Seen(pixels[:, 0, 0], torch.stack([1 - left, left], 1).expand(len(pixels), -1, -1))

    there = object_shares(probes.masks("looked"), rows=8, columns=8) > 0.5
    found = left.bool().expand_as(there)
    assert (found & ~there).any() and (there & ~found).any()
    assert probes.patch_measures(eye)[0] == (found & there).sum() / (found | there).sum()


def test_finer_masks_cover_the_same_shares():
    fine, plain = (
        object_shares(each, rows=8, columns=8) for each in (probes.masks("looked"), probes.drawn("looked").masks())
    )
    torch.testing.assert_close(fine, plain, rtol=0, atol=1e-6)


def test_who_sees_objects_finds_objects_beside_them():
    found = dict(zip(neighbours.MEASURES, neighbours.neighbour_measures(seer(grid=8)).tolist(), strict=True))
    assert found["object"] == 1 and found["ground"] == 0
    chance = neighbours.by_chance()
    assert chance["object"] == pytest.approx((neighbours.shares("others") > 0.5).float().mean().item())
    assert 0 < chance["concept"] < chance["object"] / 4


def test_shown_is_a_patch_wholly_on_the_object_and_the_nearest_come_from_the_others():
    large = (neighbours.shares("looked") > neighbours.WHOLLY).any(1).nonzero()[:3, 0].tolist()
    tables = neighbours.shown_tables({"seer": seer(grid=8), "colours": probes.by_colours}, large)
    places = tables["asked"].at(scene=large)
    assert (neighbours.shares("looked")[large, places] > neighbours.WHOLLY).all()
    near = tables["nearest"].at(way="seer", scene=large)
    assert near.shape == (3, neighbours.NEAREST) and (neighbours.shares("others").flatten()[near] > 0.5).all()
