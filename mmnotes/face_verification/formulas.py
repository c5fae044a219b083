"""The numbers of the lab that the page computes, by the package's own functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from mmnotes.face_verification.boxes import (
    intersection_over_smaller,
    intersection_over_union,
    non_maximum_suppression,
)
from mmnotes.page.formula import Dragged, Formula

OVERLAPS = {"union": intersection_over_union, "smaller area": intersection_over_smaller}
REACH = 36.0  # of a box's left and top
SIZES = (4.0, 30.0)  # of its sides: no box leaves the square that is drawn
KEPT = -1  # in place of the box that drops one

Pairs = Sequence[Sequence[float]]


def suppression(corners: Pairs, sizes: Pairs, scores: Sequence[float], *, faces: Pairs) -> Formula:
    """Overlaps of boxes that can be dragged, and which of them drops which.

    ``faces``, each a middle and a radius, are drawn below the boxes.
    """

    def numbers(overlap: str, most: float, corners: Pairs, sizes: Pairs, scores: Sequence[float]) -> dict[str, Any]:
        return suppressed(corners, sizes, scores, overlap=overlap, most=most)

    dragged = {
        "corners": Dragged(corners, 0.0, REACH),
        "sizes": Dragged(sizes, *SIZES),
        "scores": Dragged(scores, 0.0, 1.0),
    }
    given = {"faces": faces, "reach": REACH, "least": SIZES[0], "most": SIZES[1]}
    return Formula(Path(__file__).with_name("suppression.js"), numbers, given, dragged)


def suppressed(corners: Pairs, sizes: Pairs, scores: Sequence[float], *, overlap: str, most: float) -> dict[str, Any]:
    """Boxes, their overlaps, their order from the best, those that are kept, and for each the first that drops it."""
    left_top, sides = (torch.tensor(each, dtype=torch.float64) for each in (corners, sizes))
    boxes, sure = torch.cat([left_top, left_top + sides], 1), torch.tensor(scores, dtype=torch.float64)
    table = OVERLAPS[overlap](boxes, boxes)
    kept = non_maximum_suppression(boxes, sure, overlap=OVERLAPS[overlap], most=most).tolist()
    dropped = (table > most).tolist()
    by = [next((each for each in kept if box not in kept and dropped[box][each]), KEPT) for box in range(len(boxes))]
    order = sure.argsort(descending=True, stable=True).tolist()
    return {"boxes": boxes, "table": table, "order": order, "kept": kept, "by": by}


def verdicts(found: Mapping[str, Any], scores: Sequence[float]) -> str:
    """In words, from the best score down: the overlaps that decide on a box, and whether it is kept."""
    kept, by, told = found["kept"], found["by"], []
    for box in found["order"]:
        asked = kept[: kept.index(box)] if by[box] == KEPT else kept[: kept.index(by[box]) + 1]
        overlaps = [f"{found['table'][box, each]:.2f} with {_name(each)}" for each in asked]
        verdict = "kept" if by[box] == KEPT else "dropped"
        told.append(f"{_name(box)} {scores[box]:.2f}: {', '.join([*overlaps, verdict])}.")
    return " ".join(told)


def _name(box: int) -> str:
    return chr(ord("A") + box)
