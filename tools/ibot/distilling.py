"""What iBOT adds to a run of ``tools.dino.distilling``: holes in the student's global crops, and the loss of what they
hid. Scenes, views, networks, steps and settings are DINO's.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmnotes.dino import DINOHead, centred_targets, cross_view_loss, teacher_of, updated_centre
from mmnotes.ibot import crop_masks, gathered_patch_loss
from tools.dino.distilling import (
    CENTRE_MOMENTUM,
    HEAD,
    PROTOTYPES,
    STUDENT_TAU,
    TEACHER_TAU,
    Distilled,
    follow_,
    note_,
    views,
)

PATCH_TAU, WEIGHT = TEACHER_TAU, 1.0


class Filled(Distilled):
    """A student that fills in, its teacher, and a centre for patches, which have a head of their own or that of [CLS]."""

    patch_centre: Tensor

    def __init__(self, *, shared: bool) -> None:
        super().__init__()
        if not shared:
            self.student["patch_head"] = DINOHead(prototypes=PROTOTYPES, **HEAD)
            self.teacher = teacher_of(self.student)
        self.register_buffer("patch_centre", torch.zeros(PROTOTYPES))


def patch_head(networks: nn.ModuleDict) -> nn.Module:
    """The head that reads patches."""
    return networks["patch_head" if "patch_head" in networks else "head"]


def loss_through(model: Filled, *, exchanged: bool) -> Callable[[torch.Generator], Tensor]:
    """Both terms of iBOT of a random batch; the teacher follows before, the centres after, as in DINO."""

    def loss_of(random: torch.Generator) -> Tensor:
        follow_(model)
        crops = views(random, exchanged=exchanged)
        large = crops.large.flatten(0, 1)
        grid = large.shape[-1] // model.student["backbone"].patch.stride[0]
        masked = crop_masks(count=len(large), rows=grid, columns=grid, random=random)
        with torch.no_grad():
            seen = model.teacher["backbone"](large)
            taught = model.teacher["head"](seen.cls).unflatten(0, crops.large.shape[:2])
            taught_patches = patch_head(model.teacher)(seen.patches)
        said = model.student["backbone"](large, masked)
        small = model.student["backbone"](crops.small.flatten(0, 1))
        whole = model.student["head"](torch.cat([said.cls, small.cls])).unflatten(0, (-1, large.shape[0] // 2))
        targets = centred_targets(taught, model.centre, tau=TEACHER_TAU)
        cls = cross_view_loss(whole, targets, tau=STUDENT_TAU)
        hidden = centred_targets(taught_patches[masked], model.patch_centre, tau=PATCH_TAU)
        patch = gathered_patch_loss(patch_head(model.student)(said.patches[masked]), hidden, masked, tau=STUDENT_TAU)
        model.centre.copy_(updated_centre(model.centre, taught, momentum=CENTRE_MOMENTUM))
        model.patch_centre.copy_(updated_centre(model.patch_centre, taught_patches, momentum=CENTRE_MOMENTUM))
        note_(model, cls, targets)
        return cls + WEIGHT * patch

    return loss_of
