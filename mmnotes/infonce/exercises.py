"""Exercises of the chapter on InfoNCE."""

import math
from typing import Any

import torch

from mmnotes.infonce.built import shared, shared_mistakes, slope, slope_mistakes
from mmnotes.page.exercises import Exercise

_SCORES = torch.cos(torch.arange(25.0).reshape(5, 5) ** 1.5)
_GROUP = torch.tensor([4, 1, 4, 7, 4])


def _least_loss_mistakes(pairs: int, copies: int) -> dict[str, Any]:
    all_of_them = "That is the loss of guessing among all of the batch; only the copies cannot be told apart."
    left_over = "The distractors left over are all different concepts, and they can be pushed away."
    return {
        all_of_them: math.log(pairs),
        left_over: math.log(pairs / copies),
        "Each row has one right answer and the copies of it, not the copies alone.": math.log(copies + 1),
        "The right answer counts among the copies: its score is equal to theirs.": math.log(copies - 1),
        "The losses here are in nats: take the natural logarithm.": math.log2(copies),
        "In nats, please: the natural logarithm.": math.log10(copies),
        "Copies of a concept have equal scores, which no scale can separate.": 0.0,
        "That is how many cannot be told apart; the loss is the logarithm.": copies,
        "That is the probability of the right one; the loss is minus its logarithm.": 1 / copies,
    }


def _share_mistakes(processes: int) -> dict[str, Any]:
    gathered = "That holds with a gradient through the gather. Without, each row hears from its owner's loss alone."
    whole = "The square comes in if the loss were divided by W as well; every process has the whole loss."
    random = "No square root: the gradients that are averaged belong to different rows, and are not random."
    return {
        gathered: 1.0,
        "Without the mean over processes this would be right; DistributedDataParallel divides by W.": processes,
        random: processes**-0.5,
        whole: processes**-2,
        "One of W losses moves a row; the other W - 1 do not.": 1 - 1 / processes,
    }


def _bias_mistakes(pairs: int) -> dict[str, Any]:
    nearly = "Close: of the N pairs of a row one is the yes, and N - 1 pull the other way."
    return {
        "The sign is off: almost every pair is a no.": math.log(pairs - 1),
        nearly: -math.log(pairs),
        "Count the pairs of one row, or of all rows on both sides.": -math.log(pairs * (pairs - 1)),
        "This is the share of pairs that are a yes; the bias is its log-odds.": 1 / pairs,
        "The sigmoid has base e: take the natural logarithm.": -math.log10(pairs - 1),
        "At 0 every pair is as likely a yes as a no, and N - 1 of N are a no.": 0.0,
        "That is the released start, whatever the batch; here it depends on the batch.": -10.0,
    }


EXERCISES = {
    "infonce-1": Exercise(
        solution=lambda pairs, copies: math.log(copies),
        mistakes=_least_loss_mistakes,
        inputs=((30, 3), (12, 2), (32768, 32768)),
        tolerance=1e-5,
    ),
    "infonce-2": Exercise(
        solution=lambda similarity, group, scale: shared(similarity, group, scale=scale),
        mistakes=lambda similarity, group, scale: shared_mistakes(similarity, group, scale=scale),
        inputs=((_SCORES, _GROUP, 2.0), (_SCORES[:4, :4], _GROUP[1:], 5.0), (_SCORES, torch.arange(5), 3.0)),
        tolerance=1e-5,
    ),
    "infonce-3": Exercise(
        solution=lambda similarity, scale: slope(similarity, scale=scale),
        mistakes=lambda similarity, scale: slope_mistakes(similarity, scale=scale),
        inputs=((_SCORES, 2.0), (_SCORES[:3, :3], 14.0), (_SCORES, 1.0)),
    ),
    "infonce-4": Exercise(
        solution=lambda processes: 1 / processes,
        mistakes=_share_mistakes,
        inputs=((4,), (2,), (64,)),
        tolerance=1e-5,
    ),
    "infonce-5": Exercise(
        solution=lambda pairs: -math.log(pairs - 1),
        mistakes=_bias_mistakes,
        inputs=((3,), (256,), (32768,)),
        tolerance=1e-5,
    ),
}
