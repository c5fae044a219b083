"""Exercises of the chapter on iBOT."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.ibot.loss import patch_loss
from mmnotes.page.exercises import Exercise

_STUDENT = torch.cos(torch.arange(3 * 4 * 5.0) ** 1.3).view(3, 4, 5) / 2
_TEACHER = torch.sin(torch.arange(3 * 4 * 5.0) ** 1.2).view(3, 4, 5) / 2
_CENTRE, _MASKED = torch.linspace(-0.2, 0.3, 5), torch.tensor([[1, 0, 1, 1], [0] * 4, [0, 1, 0, 0]]).bool()
_BLOCKS = [[0, 0, 3, 2], [1, 0, 3, 2], [0, 3, 4, 2], [3, 1, 2, 2], [5, 0, 1, 3]]  # top, left, height, width


def _share_mistakes(none: float, low: float, high: float) -> dict[str, Any]:
    return {
        "That is the share in the crops that have holes at all.": (low + high) / 2,
        "Crops without holes are the share `none`; those with holes are the rest.": none * (low + high) / 2,
        "A uniform number between low and high has its mean in the middle.": (1 - none) * high,
        "The width of the range is not its mean.": (1 - none) * (high - low) / 2,
    }


def _terms(crops: int) -> Tensor:
    return torch.tensor([2 * (crops - 1), 2])


def _terms_mistakes(crops: int) -> dict[str, Any]:
    return {
        "Local crops are never masked, and the teacher does not see them.": torch.tensor([2 * (crops - 1), crops]),
        "Patches are compared with those of the same view: one term for each of the two.": torch.tensor([
            2 * (crops - 1), 2 * (crops - 1)
        ]),
        "A view's [CLS] is not compared with itself.": torch.tensor([2 * crops, 2]),
        "A patch of one view lies elsewhere in the other.": torch.tensor([2 * (crops - 1), 4]),
    }  # fmt: skip


def _weights(masked: Tensor) -> Tensor:
    return masked / masked.sum(-1, keepdim=True).clamp(min=1) / len(masked)


def _weights_mistakes(masked: Tensor) -> dict[str, Any]:
    counts, with_holes = masked.sum(-1, keepdim=True).clamp(min=1), masked.any(-1).sum()
    return {
        "Each picture counts the same, however many of its patches are hidden.": masked / masked.sum(),
        "A picture without holes counts as zero, and still counts: the mean is over all.": masked / counts / with_holes,
        "That is the sum over pictures, not their mean.": masked / counts,
        "The mean is over the masked patches, not all of them.": masked / masked.shape[1] / len(masked),
    }


def _mask(rows: int, columns: int, wanted: int, blocks: list[list[int]]) -> Tensor:
    """The patches that are hidden by the blocks that fit."""
    mask = torch.zeros(rows, columns, dtype=torch.bool)
    for top, left, height, width in blocks:
        block = mask[top : top + height, left : left + width]
        if 0 < height * width - int(block.sum()) <= wanted - int(mask.sum()):
            block.fill_(True)
    return mask.float()


def _mask_mistakes(rows: int, columns: int, wanted: int, blocks: list[list[int]]) -> dict[str, Any]:
    every, until, plain = (torch.zeros(rows, columns) for _ in range(3))
    for top, left, height, width in blocks:
        place = slice(top, top + height), slice(left, left + width)
        every[place] = 1
        if until.sum() < wanted:
            until[place] = 1
        if height * width <= wanted - plain.sum():
            plain[place] = 1
    return {
        "A block that would hide more than is still wanted is left out.": every,
        "It is not enough to stop when the number is reached: a block may not go beyond it.": until,
        "What a block hides a second time does not count against it.": plain,
    }


def _loss(student: Tensor, teacher: Tensor, masked: Tensor, centre: Tensor) -> Tensor:
    """The gradient of the patch term by the student's logits."""
    student = student.detach().clone().requires_grad_()
    targets = ((teacher.detach() - centre) / 0.04).softmax(-1)
    (slope,) = torch.autograd.grad(patch_loss(student, targets, masked), student)
    return slope


def _loss_mistakes(student: Tensor, teacher: Tensor, masked: Tensor, centre: Tensor) -> dict[str, Any]:
    said = (student / 0.1).softmax(-1) - ((teacher - centre) / 0.04).softmax(-1)
    slope = _loss(student, teacher, masked, centre)
    return {
        "Only masked patches are asked for.": _loss(student, teacher, torch.ones_like(masked), centre),
        "The teacher's logits are centred.": _loss(student, teacher, masked, 0 * centre),
        "The centre is subtracted.": _loss(student, teacher, masked, -centre),
        "The student's temperature is 0.1, and its slope is divided by it.": 0.1 * slope,
        "Each picture counts the same: the mean is over its own masked patches first.": said
        * masked[..., None]
        / masked.sum()
        / 0.1,
        "The mean over pictures is missing.": len(student) * slope,
    }


EXERCISES = {
    "ibot-1": Exercise(
        solution=lambda none, low, high: (1 - none) * (low + high) / 2,
        mistakes=_share_mistakes,
        inputs=((0.5, 0.1, 0.5), (0.25, 0.3, 0.4), (0.1, 0.0, 1.0)),
        tolerance=1e-9,
    ),
    "ibot-2": Exercise(solution=_terms, mistakes=_terms_mistakes, inputs=((12,), (5,), (2,)), tolerance=1e-9),
    "ibot-3": Exercise(solution=_weights, mistakes=_weights_mistakes, inputs=((_MASKED,), (_MASKED[:2],))),
    "ibot-4": Exercise(
        solution=_mask,
        mistakes=_mask_mistakes,
        inputs=((6, 6, 11, _BLOCKS), (7, 5, 14, _BLOCKS[1:]), (6, 6, 30, _BLOCKS)),
    ),
    "ibot-5": Exercise(
        solution=_loss,
        mistakes=_loss_mistakes,
        inputs=((_STUDENT, _TEACHER, _MASKED, _CENTRE), (_STUDENT[:2], _TEACHER[1:], _MASKED[1:], 2 * _CENTRE)),
    ),
}
