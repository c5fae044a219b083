"""Overlaps and suppression: loops, limits, and a case where the two overlaps decide differently."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmnotes.face_verification import intersection_over_smaller, intersection_over_union, non_maximum_suppression

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=40)
OVERLAPS = (intersection_over_union, intersection_over_smaller)
NESTED = torch.tensor([[0.0, 0, 20, 20], [5, 5, 15, 15], [18, 0, 38, 20]])
SCORES = torch.tensor([0.9, 0.8, 0.7])


def pixels(box):
    left, top, right, bottom = map(int, box)
    return {(row, column) for row in range(top, bottom) for column in range(left, right)}


def boxes_of(seed, count):
    random = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 15, (count, 2), generator=random)
    return torch.cat([corner, corner + torch.randint(1, 15, (count, 2), generator=random)], 1).float()


@repeatable
@given(st.integers(0, 10**6))
def test_overlaps_are_counted_pixels(seed):
    one, other = boxes_of(seed, 5), boxes_of(seed + 1, 3)
    for row, first in enumerate(map(pixels, one)):
        for column, second in enumerate(map(pixels, other)):
            shared = len(first & second)
            union, smaller = (overlap(one, other)[row, column].item() for overlap in OVERLAPS)
            assert union == pytest.approx(shared / len(first | second))
            assert smaller == pytest.approx(shared / min(len(first), len(second)))


@repeatable
@given(st.integers(0, 10**6))
def test_overlaps_are_symmetric_and_do_not_see_scale(seed):
    one, other = boxes_of(seed, 5), boxes_of(seed + 1, 3)
    for overlap in OVERLAPS:
        assert torch.equal(overlap(one, other), overlap(other, one).T)
        torch.testing.assert_close(overlap(3 * one, 3 * other), overlap(one, other))


def greedy(boxes, scores, overlap, most):
    kept: list[int] = []
    for place in sorted(range(len(boxes)), key=lambda place: (-scores[place], place)):
        if all(overlap(boxes[place][None], boxes[other][None]) <= most for other in kept):
            kept.append(place)
    return kept


@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize("most", [0.0, 0.3, 0.7, 1.0])
def test_suppression_is_the_greedy_loop(overlap, most):
    for seed, count in ((0, 1), (1, 17), (2, 60)):
        boxes, scores = boxes_of(seed, count), torch.rand(count, generator=torch.Generator().manual_seed(seed))
        scores[count // 2 :] = scores[: count - count // 2].clone()  # ties
        found = non_maximum_suppression(boxes, scores, overlap=overlap, most=most).tolist()
        assert found == greedy(boxes, scores.tolist(), overlap, most)


def test_suppression_goes_on_beyond_a_block():
    """700 boxes apart from each other and each of them twice: the twins lie in another block of the table."""
    left = 20.0 * torch.arange(700)
    row = torch.stack([left, torch.zeros(700), left + 10, torch.full((700,), 10.0)], 1)
    scores = torch.linspace(1, 0.1, 1400)
    kept = non_maximum_suppression(torch.cat([row, row]), scores, overlap=intersection_over_union, most=0.5)
    assert kept.tolist() == list(range(700))


def test_a_box_in_a_box_survives_the_union_and_not_the_smaller():
    union, smaller = (non_maximum_suppression(NESTED, SCORES, overlap=each, most=0.7).tolist() for each in OVERLAPS)
    assert union == [0, 1, 2] and smaller == [0, 2]


def test_nothing_is_left_of_nothing():
    nothing = non_maximum_suppression(torch.zeros(0, 4), torch.zeros(0), overlap=intersection_over_union, most=0.5)
    assert nothing.shape == (0,) and nothing.dtype == torch.int64
    assert intersection_over_union(torch.zeros(0, 4), NESTED).shape == (0, 3)


def test_inputs_stay_as_they_are():
    boxes, scores = NESTED.clone(), SCORES.clone()
    non_maximum_suppression(boxes, scores, overlap=intersection_over_union, most=0.5)
    assert torch.equal(boxes, NESTED) and torch.equal(scores, SCORES)


@pytest.mark.parametrize("odd", [[0.0, 0, 0, 5], [3.0, 0, 1, 5], [0, 0, torch.nan, 5], [0, 0, torch.inf, 5]])
def test_boxes_without_area_are_refused(odd):
    for overlap in OVERLAPS:
        with pytest.raises(ValueError, match="others must be finite, left < right"):
            overlap(NESTED, torch.tensor([odd]))


def test_bad_inputs():
    with pytest.raises(ValueError, match="most must be from 0 to 1, got 2"):
        non_maximum_suppression(NESTED, SCORES, overlap=intersection_over_union, most=2)
    with pytest.raises(ValueError, match="scores must be finite, got nan"):
        non_maximum_suppression(NESTED, SCORES * torch.nan, overlap=intersection_over_union, most=0.5)
    with pytest.raises(TypeError, match="scores"):
        non_maximum_suppression(NESTED, SCORES[:2], overlap=intersection_over_union, most=0.5)
    with pytest.raises(TypeError, match="boxes"):
        intersection_over_union(NESTED.int(), NESTED)
