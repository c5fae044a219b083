import pytest
import torch

from mmnotes.coarse_to_fine import drafted, enlarged, read_at


def film(*shape, seed=0):
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def between(values, place):
    """A row of values read at a place between two of them."""
    low = min(int(place), len(values) - 2)
    return torch.lerp(values[low], values[low + 1], torch.as_tensor(place - low, dtype=values.dtype))


def test_each_frame_is_read_where_the_table_says():
    draft = film(2, 3, 5, 4, 4)
    found = enlarged(draft, frames=7, side=4)
    for new, place in enumerate(read_at(few=3, many=7).tolist()):
        torch.testing.assert_close(found[:, new], between(draft.transpose(0, 1), place), rtol=0, atol=1e-6)


def test_rows_and_columns_are_read_from_corner_to_corner():
    draft = film(1, 2, 1, 3, 3)
    found = enlarged(draft, frames=2, side=7)[0, 0, 0]
    across = torch.stack([between(draft[0, 0, 0], 2 * i / 6) for i in range(7)])
    both = torch.stack([between(across.T, 2 * i / 6) for i in range(7)]).T
    torch.testing.assert_close(found, both, rtol=0, atol=1e-12)


def test_as_the_released_code_in_two_steps():
    draft = film(2, 3, 3, 4, 4)
    interpolate = torch.nn.functional.interpolate
    rows = interpolate(draft.flatten(0, 1), size=(8, 8), mode="bilinear", align_corners=True).unflatten(0, (2, 3))
    full = interpolate(rows.transpose(1, 2), size=(6, 8, 8), mode="trilinear", align_corners=True).transpose(1, 2)
    torch.testing.assert_close(enlarged(draft, frames=6, side=8), full, rtol=0, atol=1e-12)


def test_at_its_own_size_nothing_changes_and_corners_always_stay():
    draft = film(2, 3, 5, 4, 4)
    torch.testing.assert_close(enlarged(draft, frames=3, side=4), draft)
    large = enlarged(draft, frames=8, side=9)
    torch.testing.assert_close(
        large[:, [0, -1]][..., [0, -1]][..., [0, -1], :], draft[:, [0, -1]][..., [0, -1]][..., [0, -1], :]
    )


def test_the_last_frame_is_late_by_one_fine_frame():
    assert 2 * read_at(few=6, many=12)[-1] == 12 - 2


def test_a_draft_is_every_other_frame_and_the_mean_of_squares():
    whole = film(2, 5, 3, 6, 9)
    found = drafted(whole, factor=3)
    assert found.shape == (2, 3, 3, 2, 3)
    torch.testing.assert_close(found[1, 2, 0, 1, 2], whole[1, 4, 0, 3:6, 6:9].mean())


def test_half_precision_is_rounded_once():
    draft = film(1, 2, 1, 2, 2).half()
    exact = enlarged(draft.float(), frames=3, side=5).half()
    torch.testing.assert_close(enlarged(draft, frames=3, side=5), exact, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: enlarged(film(1, 3, 1, 2, 2), frames=2, side=2), "frames must be at least the draft's 3, got 2"),
        (lambda: enlarged(film(1, 3, 1, 2, 5), frames=3, side=4), "side must be at least the draft's 5, got 4"),
        (lambda: read_at(few=1, many=3), "few and many must be at least 2, got 1 and 3"),
        (lambda: drafted(film(1, 2, 1, 4, 6), factor=4), r"factor must divide height and width \(4, 6\), got 4"),
        (lambda: drafted(film(1, 2, 1, 4, 6), factor=0), "got 0"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
