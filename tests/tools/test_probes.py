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


def test_what_is_near_counts_where_it_is_an_object_s_and_by_its_name_where_it_is_both(monkeypatch):
    random = torch.Generator().manual_seed(0)
    within, outside = (torch.randint(20 * 64, (len(each), 5), generator=random) for each in neighbours.asked())
    answers = iter([within, outside])
    monkeypatch.setattr(neighbours, "nearest", lambda *_: next(answers))
    on_object = (neighbours.shares("others") > 0.5).flatten().tolist()
    names, wanted = (probes.drawn(name).concept[:, 0].tolist() for name in ("others", "looked"))
    hits, named = [], []
    for (scene, _), near in zip(neighbours.asked()[0].tolist(), within.tolist(), strict=True):
        hits += [on_object[number] for number in near]
        named += [on_object[number] and names[number // 64] == wanted[scene] for number in near]
    others = [on_object[number] for near in outside.tolist() for number in near]
    expected = [sum(each) / len(each) for each in (hits, named, others)]
    assert neighbours.neighbour_measures(seer(grid=8)).tolist() == pytest.approx(expected)
    assert 0 < expected[1] < expected[0]


def test_shown_of_a_ring_is_a_patch_of_the_ring(monkeypatch):
    ring = torch.ones(8, 8)
    ring[3:5, 3:5] = 0
    monkeypatch.setattr(neighbours, "shares", lambda _: ring.flatten().expand(20, -1))
    places = neighbours.shown_tables({"colours": probes.by_colours}, [0, 5])["asked"].at(scene=[0, 5])
    assert (ring.flatten()[places] == 1).all()


def test_shown_is_a_patch_wholly_on_the_object_and_the_nearest_come_from_the_others():
    large = (neighbours.shares("looked") > neighbours.WHOLLY).any(1).nonzero()[:3, 0].tolist()
    tables = neighbours.shown_tables({"seer": seer(grid=8), "colours": probes.by_colours}, large)
    places = tables["asked"].at(scene=large)
    assert (neighbours.shares("looked")[large, places] > neighbours.WHOLLY).all()
    near = tables["nearest"].at(way="seer", scene=large)
    assert near.shape == (3, neighbours.NEAREST) and (neighbours.shares("others").flatten()[near] > 0.5).all()
