"""Exercises of the chapter on margin losses."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.arcface.margins import margin_logits
from mmnotes.arcface.pairs import tar_at_far
from mmnotes.arcface.scale import least_scale
from mmnotes.page.exercises import Exercise

_COSINE = torch.sin(torch.arange(35.0, dtype=torch.float64).reshape(5, 7) ** 1.5) * 0.9
_LABELS = torch.tensor([6, 0, 3, 3, 1])
_SCORES = torch.cos(torch.arange(60.0, dtype=torch.float64) ** 1.3)
_TIED = torch.tensor([0.5, 0.5, 0.5, 0.1, 0.7], dtype=torch.float64)


def _margins_mistakes(cosine: Tensor, labels: Tensor, m1: float, m2: float, m3: float, s: float) -> dict[str, Any]:
    right = margin_logits(cosine, labels, m1=m1, m2=m2, m3=m3, s=s)
    own = torch.nn.functional.one_hot(labels, cosine.shape[1]).bool()
    theta = cosine.arccos()
    return {
        "The margin is on every class; only the right one is made harder.": s * ((m1 * theta + m2).cos() - m3),
        "m3 is subtracted outside the scale; it is a cosine, and s multiplies it too.": torch.where(
            own, s * (m1 * theta + m2).cos() - m3, s * cosine
        ),
        "m2 is added to the cosine; it is an angle, inside the cosine.": torch.where(
            own, s * ((m1 * theta).cos() + m2 - m3), s * cosine
        ),
        "The margins make the right class easier: a smaller angle, a larger cosine.": torch.where(
            own, s * ((m1 * theta - m2).cos() + m3), s * cosine
        ),
        "m1 multiplies the margin too; it multiplies θ alone.": torch.where(
            own, s * ((m1 * (theta + m2)).cos() - m3), s * cosine
        ),
        "The scale is missing.": right / s,
    }


def _tar_mistakes(same: Tensor, different: Tensor, far: float) -> dict[str, Any]:
    ordered = different.sort(descending=True).values
    allowed = int(far * len(different))
    last = ordered[min(allowed, len(different) - 1)]
    one_less = ordered[max(allowed - 1, 0)]
    reached = "A pair at the threshold passes here. Then one different pair more than allowed passes with it."
    return {
        reached: (same >= last).double().mean(),
        "One different pair less than allowed passes: the threshold is one score too high.": (
            (same > one_less).double().mean()
        ),
        "The threshold lets through a share of the same pairs; FAR is a share of the different ones.": (
            (different > same.sort(descending=True).values[min(int(far * len(same)), len(same) - 1)]).double().mean()
        ),
        "That is the share of same pairs which are refused.": (same <= last).double().mean(),
        "The threshold is at the low end of the different pairs; the most alike are the ones to keep out.": (
            (same > ordered.flip(0)[min(allowed, len(different) - 1)]).double().mean()
        ),
    }


def _turn_mistakes(m1: float, m2: float) -> dict[str, Any]:
    return {
        "m1 divides all of π - m2, not π alone.": math.pi / m1 - m2,
        "The margin comes nearer to π, so the turn comes earlier: subtract it.": (math.pi + m2) / m1,
        "That is where the logit is zero; the turn is where it is least.": (math.pi / 2 - m2) / m1,
    }


def _scale_mistakes(classes: int, share: float) -> dict[str, Any]:
    odds = share / (1 - share)
    return {
        "The rows of a simplex are further apart than 90 degrees; their cosine is -1 / (C - 1).": (
            math.log((classes - 1) * odds)
        ),
        "There are C - 1 other classes, each with its own term.": (classes - 1) / classes * math.log(odds),
        "C / (C - 1) is the gap in cosines, and it divides.": classes / (classes - 1) * math.log((classes - 1) * odds),
    }


def _ratio(theta: float, m1: float, m2: float) -> float:
    return m1 * math.sin(m1 * theta + m2) / math.sin(theta)


def _ratio_mistakes(theta: float, m1: float, m2: float) -> dict[str, Any]:
    return {
        "The inner derivative of m1 θ is missing.": math.sin(m1 * theta + m2) / math.sin(theta),
        "That is the ratio of the logits; the slopes have sines.": math.cos(m1 * theta + m2) / math.cos(theta),
        "This is upside down: exact over straight-through.": 1 / _ratio(theta, m1, m2),
        "The slope of arccos is missing: dθ / dcos θ = -1 / sin θ.": m1 * math.sin(m1 * theta + m2),
        "Two signs cancel: cosine and arccos both fall.": -_ratio(theta, m1, m2),
    }


EXERCISES = {
    "arcface-1": Exercise(
        solution=lambda cosine, labels, m1, m2, m3, s: margin_logits(cosine, labels, m1=m1, m2=m2, m3=m3, s=s),
        mistakes=_margins_mistakes,
        inputs=((_COSINE, _LABELS, 1.2, 0.3, 0.2, 8.0), (_COSINE[:2, :3], _LABELS[2:4] - 2, 0.9, 0.4, 0.15, 30.0)),
    ),
    "arcface-2": Exercise(
        solution=_ratio, mistakes=_ratio_mistakes, inputs=((0.05, 1.0, 0.5), (1.07, 1.35, 0.0), (2.9, 0.9, 0.4))
    ),
    "arcface-3": Exercise(
        solution=lambda m1, m2: (math.pi - m2) / m1, mistakes=_turn_mistakes, inputs=((1.0, 0.5), (1.35, 0.2))
    ),
    "arcface-4": Exercise(
        solution=lambda classes, share: least_scale(classes=classes, share=share),
        mistakes=_scale_mistakes,
        inputs=((3, 0.9), (10, 0.5), (85_000, 0.999)),
    ),
    "arcface-5": Exercise(
        solution=lambda same, different, far: tar_at_far(same, different, far=far),
        mistakes=_tar_mistakes,
        inputs=((_SCORES[:20], _SCORES[20:], 0.1), (_TIED, _TIED, 0.4), (_SCORES[:7], _TIED, 0.25)),
    ),
}
