"""DINOv2's use of Sinkhorn-Knopp: every sample is assigned, and every prototype gets a fair share of them.

Papers: Caron et al., SwAV (2020); Oquab et al., DINOv2 (2023), section 4.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted
from mmnotes.sinkhorn.checks import check_scores
from mmnotes.sinkhorn.stabilised import stabilised_plan


def teacher_assignment(
    scores: Float[Tensor, "batch prototypes"], *, tau: float, steps: int = 3
) -> Float[Tensor, "batch prototypes"]:
    """DINOv2's teacher targets: every sample spreads mass 1, every prototype receives about batch / prototypes.

    The kernel is P = exp(scoresᵀ / τ) with prototypes as rows and samples as columns: prototypes are balanced first,
    samples last, so each sample's assignment sums to 1 and the prototypes' loads are balanced only roughly. One step is
    softmax((scores - centre) / τ) with the centre τ LSE_batch(scores / τ).

    Shapes: scores (batch, prototypes) -> (batch, prototypes).
    Units: scores are logits, cosines in the released models; the result is float32, or float64 for float64 scores.
    Errors: ValueError for scores that are infinite or NaN, tau <= 0, steps < 1.
    Source: Oquab et al. 2023, section 4, and dinov2/loss/dino_clstoken_loss.py, sinkhorn_knopp_teacher, which it
    equals; steps = 3 and the order are theirs.
    Differs: stays finite at small τ, where the released code overflows; carries a gradient if scores do. While it is
    traced or transformed its rounds are logarithms, as in ``sinkhorn_stabilised``; the two differ only at a τ so small
    that the rounding of scores / τ decides.
    """
    scores, lowest, highest = promoted(scores, *check_scores(scores, tau=tau, steps=steps))
    batch, prototypes = scores.shape
    # Far below the spacing of the scores the assignment no longer depends on tau; scores / tau must stay finite.
    limits = torch.finfo(scores.dtype)
    coldest = torch.maximum(-lowest, highest) * (8 / limits.max)
    temperature = coldest.clamp(min=max(tau, limits.tiny))
    prototype_mass = scores.new_full((prototypes,), batch / prototypes)
    sample_mass = scores.new_ones(batch)
    plan = stabilised_plan(
        scores.T, prototype_mass, sample_mass, extremes=(lowest, highest), tau=temperature, steps=steps
    )
    return plan.T
