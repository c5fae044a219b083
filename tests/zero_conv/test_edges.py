"""Edge maps lie where the colour changes, are thin, and are compared as they should be."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmnotes.data import drawings
from mmnotes.zero_conv import edge_f1, edge_f1_of_all, edge_map, turned


def square(*, channels: int = 3) -> torch.Tensor:
    """Black from row 5 to 14 and column 8 to 19 on white."""
    picture = torch.ones(1, channels, 24, 32)
    picture[:, :, 5:15, 8:20] = 0
    return picture


def test_the_outline_of_a_square_is_its_border():
    found = edge_map(square())[0, 0]
    rows, columns = found.nonzero().T
    assert set(rows.tolist()) <= {*range(4, 16)} and set(columns.tolist()) <= {*range(7, 21)}
    assert not found[7:13, 10:18].any(), "nothing inside"
    assert (found[7:13].sum(1) == 2).all() and (found[:, 10:18].sum(0) == 2).all(), "one pixel thin"


def test_a_plain_picture_has_none_and_a_frame_is_no_edge():
    assert not edge_map(torch.full((2, 3, 11, 7), 0.4)).any()


def test_one_channel_is_enough():
    picture = torch.full((1, 3, 24, 32), 0.5)
    picture[:, 1] = square(channels=1)[0]
    assert torch.equal(edge_map(picture), edge_map(square()))


def test_a_faint_edge_is_none():
    assert not edge_map(0.9 + 0.1 * square()).any() and edge_map(0.8 + 0.2 * square()).any()


def test_real_outlines_are_thin():
    found = edge_map(drawings(vendor="noto")[::9])
    assert found.shape[1:] == (1, 32, 32) and 0.08 < found.float().mean() < 0.25


def shifted(pixels: list[tuple[int, int]]) -> torch.Tensor:
    found = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    for row, column in pixels:
        found[0, 0, row, column] = True
    return found


def test_agreement_is_one_next_door_and_zero_further_away():
    one = shifted([(3, 3), (3, 4)])
    for other, value in (([(3, 3), (3, 4)], 1), ([(4, 3), (4, 4)], 1), ([(4, 5), (4, 6)], 2 / 4), ([(9, 9)], 0)):
        assert edge_f1(one, shifted(other)).item() == pytest.approx(value)
    assert edge_f1(one, torch.zeros_like(one)) == 0


def test_agreement_by_loops():
    random = torch.Generator().manual_seed(0)
    one, other = (torch.rand(3, 1, 9, 7, generator=random) < 0.1 for _ in range(2))
    for b in range(3):
        shares = []
        for from_, to in ((one, other), (other, one)):
            points = from_[b, 0].nonzero().tolist()
            targets = to[b, 0].nonzero().tolist()
            met = [any(max(abs(i - k), abs(j - m)) <= 1 for k, m in targets) for i, j in points]
            shares.append(sum(met) / len(met))
        expected = 2 * shares[0] * shares[1] / (shares[0] + shares[1])
        assert math.isclose(edge_f1(one, other)[b].item(), expected, rel_tol=1e-5)


@given(st.integers(0, 10_000))
def test_agreement_is_symmetric_and_one_with_itself(seed):
    random = torch.Generator().manual_seed(seed)
    one, other = (torch.rand(1, 1, 8, 8, generator=random) < 0.3 for _ in range(2))
    assert torch.equal(edge_f1(one, other), edge_f1(other, one))
    assert not one.any() or edge_f1(one, one).item() == pytest.approx(1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_neither_the_dtype_nor_autocast_blurs_the_slopes(dtype):
    """Sixteen shades are exact in bfloat16, and so is all that is computed from them in float32."""
    pictures = (drawings(vendor="noto")[::30] * 16).round() / 16
    expected = edge_map(pictures)
    assert torch.equal(edge_map(pictures.to(dtype)), expected) and expected.any()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(edge_map(pictures), expected)


def test_agreement_of_all_pairs_is_that_of_each_pair():
    random = torch.Generator().manual_seed(0)
    found, wanted = (torch.rand(count, 1, 11, 7, generator=random) > 0.8 for count in (3, 5))
    found[1] = False
    table = edge_f1_of_all(found, wanted)
    assert table.shape == (3, 5) and (table[1] == 0).all()
    each = torch.stack([edge_f1(row.expand_as(wanted), wanted) for row in found])
    torch.testing.assert_close(table, each)


def test_a_quarter_turn_moves_every_pixel_and_a_whole_one_none():
    picture = torch.ones(2, 3, 8, 8)
    picture[:, :, 1, 5] = 0.2
    torch.testing.assert_close(turned(picture, degrees=90), picture.rot90(1, (2, 3)))
    torch.testing.assert_close(turned(picture, degrees=360), picture)
    wide = turned(torch.full((1, 1, 6, 14), 0.0), degrees=90)[0, 0]
    assert (wide[:, 4:10] == 0).all() and (wide[:, :3] == 1).all(), "what comes from outside is white"
