"""The centre of a batch that is spread over processes.

Paper: Oquab et al., DINOv2 (2023), section 5; the targets of Sinkhorn are ``mmnotes.sinkhorn.sharded_assignment``.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist

from mmnotes.dino.centre import check_momentum
from mmnotes.layers.precision import promoted


def sharded_centre(
    centre: Float[Tensor, "prototypes"], logits: Float[Tensor, "batch prototypes"], *, momentum: float = 0.9
) -> Float[Tensor, "prototypes"]:
    """``dino.updated_centre`` by the logits of all processes, which may have different numbers of them.

    A collective of the process group cannot be traced.

    Shapes: centre (prototypes,), logits (batch, prototypes) of this process -> (prototypes,), the same everywhere.
    Errors: ValueError where momentum is not within 0 and 1, or no process has logits.
    Source: facebookresearch/dinov2, dino_clstoken_loss.py, reduce_center_update.
    Differs: counts the rows of all processes, where the authors' multiply this process' number by that of processes.
    """
    check_momentum(momentum=momentum)
    centre, logits = promoted(centre.detach(), logits.detach())
    total = torch.cat([logits.sum(0), logits.new_tensor([float(len(logits))])])
    if dist.is_initialized():
        dist.all_reduce(total)
    if not total[-1]:
        raise ValueError("logits must hold at least one row in some process, got none")
    return momentum * centre + (1 - momentum) * total[:-1] / total[-1]
