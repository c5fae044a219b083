"""iBOT."""

import torch
from torch import Tensor

from mmnotes.ibot import gathered_patch_loss, ibot_loss, patch_cross_entropies, patch_loss
from mmnotes.ibot.loss import Centres, Logits
from tests.traced import Traced, rand

MASKED = torch.tensor([[True, False, True], [False, True, False]])


def given() -> tuple[Tensor, Tensor]:
    """Logits of two pictures and targets for them."""
    return rand(2, 3, 5), rand(2, 3, 5).softmax(-1)


def whole(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Both terms of two views of two pictures."""
    centres = Centres(torch.zeros(5).double(), torch.zeros(5).double())
    both = (Logits(logits[:, :, 0], logits[:, :, 1:]) for logits in (student, teacher))
    return ibot_loss(*both, MASKED.expand(2, 2, 3), centres)


TRACED = [
    Traced("ibot.patch_cross_entropies", lambda: (patch_cross_entropies, given())),
    Traced("ibot.patch_loss", lambda: (lambda student, targets: patch_loss(student, targets, MASKED), given())),
    Traced(
        "ibot.gathered_patch_loss",
        lambda: (
            lambda student, targets: gathered_patch_loss(student[MASKED], targets[MASKED], MASKED),
            given(),
        ),
    ),
    Traced("ibot.ibot_loss", lambda: (whole, (rand(2, 2, 4, 5), rand(2, 2, 4, 5)))),
]

DRAW = "A draw from a generator cannot be traced."
UNTRACED = {name: DRAW for name in ("ibot.block_mask", "ibot.crop_masks", "ibot.mask_ratios", "ibot.random_mask")}
