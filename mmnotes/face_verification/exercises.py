"""Exercises of the chapter on face verification."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.face_verification.alignment import similarity, umeyama
from mmnotes.face_verification.boxes import (
    intersection_over_smaller,
    intersection_over_union,
    non_maximum_suppression,
)
from mmnotes.page.exercises import Exercise

_BOXES = torch.tensor(
    [
        [0.0, 0, 20, 20],
        [4, 0, 24, 20],
        [8, 0, 28, 20],
        [6, 6, 14, 14],
        [40, 0, 50, 10],
        [41, 1, 51, 11],
        [40, 0, 50, 20],
    ]
)
_SCORES = torch.tensor([0.6, 0.7, 0.9, 0.95, 0.5, 0.55, 0.3])
_FACE = torch.tensor([[38.0, 52], [74, 51], [56, 72], [41, 92], [71, 92]], dtype=torch.float64)
_SEEN = torch.tensor([[120.0, 90], [185, 104], [148, 142], [110, 160], [164, 175]], dtype=torch.float64)


def _from_cosine(d: float) -> Tensor:
    return torch.tensor([math.sqrt(2 * d), math.acos(1 - d) / math.pi], dtype=torch.float64)


def _from_cosine_mistakes(d: float) -> dict[str, Any]:
    right = _from_cosine(d)
    squared = "That is the squared distance; the threshold is compared with the distance."
    return {
        squared: right * torch.tensor([math.sqrt(2 * d), 1.0]),
        "The angle is in radians; the library divides by π.": right * torch.tensor([1.0, math.pi]),
        "d is one less the cosine: the angle is that of 1 - d.": torch.tensor([right[0], math.acos(d) / math.pi]),
        "‖a - b‖² of unit vectors is 2 - 2 cos; a factor 2 is missing.": right * torch.tensor([1 / math.sqrt(2), 1.0]),
    }


def _kept(boxes: Tensor, scores: Tensor, most: float) -> Tensor:
    return non_maximum_suppression(boxes, scores, overlap=intersection_over_union, most=most)


def _kept_mistakes(boxes: Tensor, scores: Tensor, most: float) -> dict[str, Any]:
    smaller = non_maximum_suppression(boxes, scores, overlap=intersection_over_smaller, most=most)
    worst = non_maximum_suppression(boxes, -scores, overlap=intersection_over_union, most=most)
    alone = intersection_over_union(boxes, boxes) > most
    best = torch.tensor([row for row in range(len(boxes)) if scores[row] >= scores[alone[row]].max()])
    return {
        "This divides by the smaller area; the union is asked for.": smaller,
        "The best box comes first, not the worst.": worst,
        "A box that has itself been dropped suppresses nobody.": best[scores[best].argsort(descending=True)],
    }


def _fit_mistakes(points: Tensor, targets: Tensor) -> dict[str, Any]:
    x, y = points - points.mean(0), targets - targets.mean(0)
    u, d, vh = torch.linalg.svd(y.T @ x)
    free = d.sum() / x.square().sum() * u @ vh
    affine = torch.linalg.lstsq(torch.cat([points, torch.ones(len(points), 1).to(points)], 1), targets).solution.T
    rigid = umeyama(points, targets)
    turn = rigid[:, :2] / torch.linalg.det(rigid[:, :2]).sqrt()
    return {
        "This may mirror: for these points the sign of det is missing.": _with_shift(free, points, targets),
        "This shears as well; a similarity has four numbers to choose, not six.": affine,
        "The scale is missing: this is the best turn and shift.": _with_shift(turn, points, targets),
        "That is the way back, from the targets to the points.": similarity(targets, points),
    }


def _with_shift(turn: Tensor, points: Tensor, targets: Tensor) -> Tensor:
    return torch.cat([turn, (targets.mean(0) - turn @ points.mean(0))[:, None]], 1)


def _levels(side: int, smallest: int, factor: float) -> int:
    return math.floor(math.log(smallest / side) / math.log(factor) + 1e-9) + 1


def _levels_mistakes(side: int, smallest: int, factor: float) -> dict[str, Any]:
    return {
        "The first size counts too, before anything is multiplied by the factor.": _levels(side, smallest, factor) - 1,
        "The window fits the smallest face at the first size: the picture is reduced before it begins.": _levels(
            side, 12, factor
        ),
        "The factor is of the sides, not of the area.": _levels(side, smallest, math.sqrt(factor)),
    }


def _accepted_mistakes(p: float, faces: int, others: int) -> dict[str, Any]:
    pairs = faces * others
    return {
        "That all pairs pass; one is enough.": p**pairs,
        "Probabilities of several chances do not add up; they could exceed 1.": p * pairs,
        "Each face of the one meets each face of the other: there are more pairs.": 1 - (1 - p) ** (faces + others),
        "That none passes; the library then says that they differ.": (1 - p) ** pairs,
    }


EXERCISES = {
    "face_verification-1": Exercise(
        solution=_from_cosine, mistakes=_from_cosine_mistakes, inputs=((0.3,), (0.68,), (0.07,))
    ),
    "face_verification-2": Exercise(
        solution=_kept, mistakes=_kept_mistakes, inputs=((_BOXES, _SCORES, 0.5), (_BOXES, _SCORES, 0.65))
    ),
    "face_verification-3": Exercise(
        solution=similarity,
        mistakes=_fit_mistakes,
        inputs=((_FACE, _SEEN), (_FACE, _SEEN * torch.tensor([-1.0, 1]).double())),
    ),
    "face_verification-4": Exercise(
        solution=_levels, mistakes=_levels_mistakes, inputs=((320, 20, 0.709), (1080, 40, 0.5), (240, 20, 0.8))
    ),
    "face_verification-5": Exercise(
        solution=lambda p, faces, others: 1 - (1 - p) ** (faces * others),
        mistakes=_accepted_mistakes,
        inputs=((0.01, 3, 4), (0.001, 30, 20), (0.1, 2, 3)),
    ),
}
