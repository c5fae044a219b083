"""Exercises of the chapter on InfoNCE."""

import math

import torch
from torch import Tensor

from mmnotes.page.exercises import Exercise

_SCORES = torch.cos(torch.arange(25.0).reshape(5, 5) ** 1.5)


def _slope(similarity: Tensor, scale: float) -> Tensor:
    logits = scale * similarity
    return scale * (logits.softmax(1) + logits.softmax(0) - 2 * torch.eye(len(logits))) / (2 * len(logits))


def _one_direction(similarity: Tensor, scale: float) -> Tensor:
    return scale * ((scale * similarity).softmax(1) - torch.eye(len(similarity))) / len(similarity)


EXERCISES = {
    "infonce-1": Exercise(
        solution=lambda pairs, copies: math.log(copies),
        inputs=((8, 2), (12, 3), (32768, 32768)),
        tolerance=1e-9,
        slips={
            "That is the loss of guessing among all of the batch; only the copies cannot be told apart.": (
                lambda pairs, copies: math.log(pairs)
            ),
            "The distractors left over are all different concepts, and they can be pushed away.": (
                lambda pairs, copies: math.log(pairs / copies)
            ),
            "Each row has one right answer and the copies of it, not the copies alone.": lambda pairs, copies: math.log(
                copies + 1
            ),
            "The losses here are in nats: take the natural logarithm.": lambda pairs, copies: math.log2(copies),
        },
    ),
    "infonce-2": Exercise(
        solution=math.log(32768),
        tolerance=1e-3,
        slips={
            "That is in bits; a nat is 1 / log 2 = 1.44 of them.": 15.0,
            "The logarithm has base e.": math.log10(32768),
            "There are two directions, and the loss is their mean, not their sum.": 2 * math.log(32768),
            "That is a number of texts; information is its logarithm.": 32768.0,
        },
    ),
    "infonce-3": Exercise(
        solution=_slope,
        inputs=((_SCORES, 1.0), (_SCORES[:3, :3], 14.0)),
        slips={
            "This is the gradient of one direction, image to text.": _one_direction,
            "This is the gradient of the other direction alone, text to image.": lambda s, scale: (
                _one_direction(s.T, scale).T
            ),
            "This is the derivative for the logits z; for s = z / scale the chain rule brings a factor.": (
                lambda s, scale: _slope(s, scale) / scale
            ),
            "The 1/N of the mean is missing.": lambda s, scale: len(s) * _slope(s, scale),
            "The two directions are added up here; the loss takes half of each.": lambda s, scale: 2 * _slope(s, scale),
        },
    ),
    "infonce-4": Exercise(
        solution=lambda processes: 1 / processes,
        inputs=((2,), (4,), (64,)),
        tolerance=1e-9,
        slips={
            "That holds with a gradient through the gather. Without, each row hears from its owner's loss alone.": (
                lambda processes: 1.0
            ),
            "Without the mean over processes this would be right; DistributedDataParallel divides by W.": (
                lambda processes: processes
            ),
            "No square root: the gradients that are averaged belong to different rows, and are not random.": (
                lambda processes: processes**-0.5
            ),
            "The square comes in if the loss were divided by W as well; every process has the whole loss.": (
                lambda processes: processes**-2
            ),
        },
    ),
    "infonce-5": Exercise(
        solution=lambda pairs: -math.log(pairs - 1),
        inputs=((3,), (256,), (32768,)),
        tolerance=1e-6,
        slips={
            "The sign is off: almost every pair is a no.": lambda pairs: math.log(pairs - 1),
            "Close: of the N pairs of a row one is the yes, and N - 1 pull the other way.": lambda pairs: (
                -math.log(pairs)
            ),
            "Count the pairs of one row, or of all rows on both sides.": lambda pairs: -math.log(pairs * (pairs - 1)),
            "This is the share of pairs that are a yes; the bias is its log-odds.": lambda pairs: 1 / pairs,
        },
    ),
}
