"""DINOv2's teacher targets for a batch that is spread over processes.

Papers: Caron et al., SwAV (2020); Oquab et al., DINOv2 (2023), section 4.

Differs: the rounds are in logarithms, so that no process has to know the largest score of all others before it begins.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist

from mmnotes.layers.precision import promoted
from mmnotes.sinkhorn.checks import check_scores


def sharded_assignment(
    scores: Float[Tensor, "batch prototypes"], *, tau: float, steps: int = 3
) -> Float[Tensor, "batch prototypes"]:
    """This process' rows of ``teacher_assignment`` over the samples of all processes.

    A prototype's load is a sum over all samples, so each round adds these sums up over
    the processes: one vector of the length of prototypes. A sample is on one process,
    so its own sum needs no other. The number of samples is added up once; processes may
    have different ones. Without a process group there is one process.

    A collective of the process group cannot be traced.

    Shapes: scores (batch, prototypes), of this process' samples -> (batch, prototypes).
    Units: as ``teacher_assignment``.
    Errors: as ``teacher_assignment``.
    Source: dinov2/loss/dino_clstoken_loss.py, sinkhorn_knopp_teacher, whose two
    all-reduces these are, with that of ibot_patch_loss.py for the number of samples.
    Differs: no gradient finds its way to the other processes.
    """
    check_scores(scores, tau=tau, steps=steps)
    (logits,) = promoted(scores)
    logits = logits / tau
    samples = logits.new_tensor(float(len(logits)))
    _reduced(samples, dist.ReduceOp.SUM)
    fair, g = (samples / logits.shape[1]).log(), logits.new_zeros(len(logits), 1)
    for _ in range(steps):
        f = fair - _log_sum_over_samples(logits + g)
        g = -torch.logsumexp(logits + f, dim=1, keepdim=True)
    return (logits + f + g).exp()


def _log_sum_over_samples(logits: Tensor) -> Tensor:
    """The logarithm of each column's sum of exponentials over the samples of all processes."""
    largest = _reduced(logits.detach().amax(0), dist.ReduceOp.MAX)
    return largest + _reduced((logits - largest).exp().sum(0), dist.ReduceOp.SUM).log()


def _reduced(own: Tensor, operation: dist.ReduceOp.RedOpType) -> Tensor:
    """The sum, or the largest, over the processes; changes its argument."""
    if dist.is_initialized():
        dist.all_reduce(own, operation)
    return own
