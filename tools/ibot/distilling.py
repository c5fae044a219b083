"""What iBOT adds to a run of ``tools.dino.distilling``: holes in the student's global crops, and the loss of what they
hid. Scenes, views, networks, steps and settings are DINO's.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mmnotes.dino import DINOHead, centred_targets, cross_view_loss, teacher_of, updated_centre
from mmnotes.dino.pretrained import DEPTH, DIM, PATCH, SIZE
from mmnotes.ibot import crop_masks, gathered_patch_loss
from tools.dino.distilling import (
    CENTRE_MOMENTUM,
    HEAD,
    STEPS,
    STUDENT_TAU,
    TEACHER_TAU,
    Distilled,
    Views,
    follow_,
    note_,
    views,
)

START = 250 / STEPS  # of the steps are without holes; the authors have such a number too, pred_start_epoch


class Filled(Distilled):
    """A student that fills in, its teacher, and a centre for patches, which share [CLS]'s head or have their own."""

    patch_centre: Tensor

    def __init__(self, *, shared: bool, dim: int = DIM, depth: int = DEPTH, steps: int = STEPS) -> None:
        super().__init__(dim=dim, depth=depth, steps=steps)
        if not shared:
            self.student["patch_head"] = DINOHead(dim=dim, **HEAD)
            self.teacher = teacher_of(self.student)
        self.register_buffer("patch_centre", torch.zeros(HEAD["prototypes"]))


def patch_head(networks: nn.ModuleDict) -> nn.Module:
    """The head that reads patches."""
    return networks["patch_head" if "patch_head" in networks else "head"]


Answers = Callable[[Filled, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def centred_answers(model: Filled, taught: Tensor, patches: Tensor, masked: Tensor) -> tuple[Tensor, Tensor]:
    """Targets of [CLS] and of the hidden patches, with the centres as they are; then both centres move."""
    targets = centred_targets(taught, model.centre, tau=TEACHER_TAU)
    hidden = centred_targets(patches[masked], model.patch_centre, tau=TEACHER_TAU)
    model.centre.copy_(updated_centre(model.centre, taught, momentum=CENTRE_MOMENTUM))
    model.patch_centre.copy_(updated_centre(model.patch_centre, patches, momentum=CENTRE_MOMENTUM))
    return targets, hidden


class Terms(NamedTuple):
    """Both terms of the loss; the student's [CLS] features (views, batch, dim); and the targets of [CLS]."""

    cls: Tensor
    patch: Tensor
    features: Tensor
    targets: Tensor


def holes_for(crops: Views, random: torch.Generator) -> Tensor:
    """Masks (views * batch, patches) for the global crops."""
    side = crops.large.shape[-1] // PATCH
    return crop_masks(count=crops.large.shape[:2].numel(), rows=side, columns=side, random=random)


def terms(model: Filled, crops: Views, masked: Tensor, *, answers: Answers) -> Terms:
    """What the student is told of these crops with these holes."""
    large = crops.large.flatten(0, 1)
    with torch.no_grad():
        seen = model.teacher["backbone"](large)
        taught = model.teacher["head"](seen.cls).unflatten(0, crops.large.shape[:2])
        targets, hidden = answers(model, taught, patch_head(model.teacher)(seen.patches), masked)
    said = model.student["backbone"](large, masked)
    small = model.student["backbone"](crops.small.flatten(0, 1))
    whole = model.student["head"](torch.cat([said.cls, small.cls])).unflatten(0, (-1, len(large) // 2))
    cls = cross_view_loss(whole, targets, tau=STUDENT_TAU)
    patch = gathered_patch_loss(patch_head(model.student)(said.patches[masked]), hidden, masked, tau=STUDENT_TAU)
    return Terms(cls, patch, said.cls.unflatten(0, (2, -1)), targets)


def loss_through(
    model: Filled,
    *,
    exchanged: bool,
    size: int = SIZE,
    answers: Answers = centred_answers,
    penalty: Callable[[Tensor], Tensor] = torch.zeros_like,
) -> Callable[[torch.Generator], Tensor]:
    """Both terms of iBOT of a random batch, and a penalty of the student's [CLS] features (views, batch, dim).

    The teacher follows before. In the first steps, up to ``START`` of all, there are no holes, and what is left is
    DINO's loss.
    """

    def loss_of(random: torch.Generator) -> Tensor:
        follow_(model)
        crops = views(random, exchanged=exchanged, size=size)
        masked = holes_for(crops, random) & (int(model.done) >= START * len(model.curves))
        found = terms(model, crops, masked, answers=answers)
        note_(model, found.cls, found.targets)
        return found.cls + found.patch + penalty(found.features).sum()

    return loss_of
