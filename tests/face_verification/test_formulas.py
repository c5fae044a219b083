"""The numbers of the lab that the page computes, against the package's suppression and against its JavaScript."""

import pytest
import torch

from mmnotes.face_verification import formulas, non_maximum_suppression
from mmnotes.page import Choice, Numeric
from tests.held import agrees

BOXES = {
    "corners": [[4, 7], [9, 7], [13, 6], [9, 19], [35, 32]],
    "sizes": [[20, 23], [22, 23], [24, 22], [9, 11], [19, 21]],
    "scores": [0.8, 0.95, 0.9, 0.7, 0.6],
}
CONTROLS = {
    "overlap": Choice("overlap", list(formulas.OVERLAPS)),
    "most": Numeric("most", (0.3, 0.5), 0.5, (0.0, 1.0)),
}


def found(overlap="union", most=0.5, **changed):
    return formulas.suppressed(**BOXES | changed, overlap=overlap, most=most)


def test_the_page_does_the_same(tmp_path):
    agrees(formulas.suppression(**BOXES, faces=[[20, 18, 12]]), CONTROLS, tmp_path)


def test_boxes_that_tie_are_taken_in_their_order_on_the_page_too(tmp_path):
    """Equal scores, equal boxes, and an overlap that is the threshold: whole numbers, which are exact."""
    corners, sizes = [[0, 0], [0, 0], [5, 0], [20, 20], [20, 20]], [[10, 10]] * 5
    formula = formulas.suppression(corners, sizes, [0.5] * 5, faces=[])
    agrees(formula, CONTROLS | {"most": Numeric("most", (1 / 3, 0.5), 0.5, (0.0, 1.0))}, tmp_path)
    for overlap, most, kept in (("union", 1 / 3, [0, 2, 3]), ("smaller area", 0.5, [0, 2, 3]), ("union", 1.0, None)):
        tied = formulas.suppressed(corners, sizes, [0.5] * 5, overlap=overlap, most=most)
        assert tied["order"] == [0, 1, 2, 3, 4]
        assert tied["kept"] == (kept or [0, 1, 2, 3, 4])


@pytest.mark.parametrize("overlap", formulas.OVERLAPS)
@pytest.mark.parametrize("seed", range(5))
def test_each_dropped_box_names_a_better_one_that_is_kept_and_overlaps_too_much(overlap, seed):
    random = torch.Generator().manual_seed(seed)
    corners, scores = (36 * torch.rand(5, 2, generator=random)).tolist(), torch.rand(5, generator=random).tolist()
    for most in (0.1, 0.4):
        each = found(overlap, most, corners=corners, scores=scores)
        kept = non_maximum_suppression(
            each["boxes"], torch.tensor(scores), overlap=formulas.OVERLAPS[overlap], most=most
        )
        assert each["kept"] == kept.tolist()
        for box, by in enumerate(each["by"]):
            assert (by == formulas.KEPT) == (box in each["kept"])
            if by != formulas.KEPT:
                earlier = each["kept"][: each["kept"].index(by)]
                assert scores[by] > scores[box] and each["table"][box, by] > most
                assert all(each["table"][box, other] <= most for other in earlier)


def test_the_words_tell_each_overlap_that_decides():
    assert formulas.verdicts(found(), BOXES["scores"]) == (
        "B 0.95: kept. C 0.90: 0.58 with B, dropped. A 0.80: 0.56 with B, dropped. D 0.70: 0.20 with B, kept. "
        "E 0.60: 0.00 with B, 0.00 with D, kept."
    )
    lifted = [1.0, 0.95, 0.9, 0.7, 0.6]
    assert formulas.verdicts(found("smaller area", scores=lifted, most=0.6), lifted) == (
        "A 1.00: kept. B 0.95: 0.75 with A, dropped. C 0.90: 0.50 with A, kept. "
        "D 0.70: 1.00 with A, dropped. E 0.60: 0.00 with A, 0.00 with C, kept."
    )
