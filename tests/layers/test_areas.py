"""A part of a picture at another size: every pixel the mean of what it covers."""

import pytest
import torch
from torch.nn.functional import interpolate

from mmnotes.layers.areas import area_average

PICTURE = torch.rand(2, 12, 18, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def box(*sides: float) -> torch.Tensor:
    return torch.tensor(sides, dtype=torch.float64)


def covered(first: float, last: float, pixel: int) -> float:
    return max(min(last, pixel + 1) - max(first, pixel), 0)


@pytest.mark.parametrize("sides", [(0.0, 0, 18, 12), (1.25, 2.5, 10.1, 7.3), (17.5, 11.5, 0.5, 0.5)])
@pytest.mark.parametrize(("rows", "columns"), [(5, 7), (1, 3), (23, 29)])
def test_every_pixel_is_the_mean_of_what_it_covers(sides, rows, columns):
    got = area_average(PICTURE, box(*sides), rows=rows, columns=columns)
    left, top, across, down = sides
    for row in range(rows):
        for column in range(columns):
            total, weight = torch.zeros(2, dtype=torch.float64), 0.0
            for y in range(12):
                for x in range(18):
                    own = covered(top + down * row / rows, top + down * (row + 1) / rows, y)
                    own *= covered(left + across * column / columns, left + across * (column + 1) / columns, x)
                    total, weight = total + own * PICTURE[:, y, x], weight + own
            torch.testing.assert_close(got[:, row, column], total / weight)


def test_where_sizes_divide_it_is_the_area_mode_of_torch():
    got = area_average(PICTURE, box(0, 0, 18, 12), rows=4, columns=6)
    torch.testing.assert_close(got, interpolate(PICTURE[None], (4, 6), mode="area")[0])
    whole = area_average(PICTURE, box(0, 0, 18, 12), rows=12, columns=18)
    torch.testing.assert_close(whole, PICTURE)


def test_the_dtype_is_that_of_the_picture():
    assert area_average(PICTURE.float(), box(0, 0, 18, 12), rows=3, columns=3).dtype == torch.float32


@pytest.mark.parametrize(
    "sides",
    [(-0.1, 0, 5, 5), (0, -0.1, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0), (14, 0, 5, 5), (0, 8, 5, 5), (0, 0, torch.nan, 5)],
)
def test_a_box_outside_of_the_picture_is_refused(sides):
    with pytest.raises(ValueError, match=r"^box must lie in a picture of 18 by 12, got \["):
        area_average(PICTURE, box(*sides), rows=3, columns=3)
