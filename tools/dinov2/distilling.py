"""What DINOv2 changes in a run of ``tools.ibot.distilling``: Sinkhorn makes the targets, KoLeo spreads the features.

Patches have a head of their own. Scenes, views, networks, steps and temperatures are iBOT's.
"""

from torch import Tensor

from mmnotes.dinov2 import koleo_loss
from mmnotes.sinkhorn import teacher_assignment
from tools.dino.distilling import TEACHER_TAU
from tools.ibot.distilling import Filled

SPREAD = 0.1  # KoLeo's weight


def balanced_answers(_: Filled, taught: Tensor, patches: Tensor, masked: Tensor) -> tuple[Tensor, Tensor]:
    """Targets of [CLS], balanced over both global crops of the batch, and of all its hidden patches."""
    rows = teacher_assignment(taught.flatten(0, 1), tau=TEACHER_TAU)
    hidden = patches[masked]
    return rows.view_as(taught), teacher_assignment(hidden, tau=TEACHER_TAU) if len(hidden) else hidden


def spread(features: Tensor) -> Tensor:
    """KoLeo of each view (views, batch, dim), weighed."""
    return SPREAD * koleo_loss(features)
