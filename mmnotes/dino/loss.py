"""What DINO minimises: the student's account of one crop against the teacher's of another.

Paper: Caron et al., DINO (2021), equations 1 to 3.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted, without_autocast
from mmnotes.layers.scales import check_positive


def centred_targets(
    logits: Float[Tensor, "*batch prototypes"],
    centre: Float[Tensor, "prototypes"],
    *,
    tau: float = 0.04,
) -> Float[Tensor, "*batch prototypes"]:
    """softmax((z - c) / τ): the teacher's account, which carries no gradient.

    The centre is subtracted. The paper's equation 4 reads as if it were added; its
    pseudocode and the authors' code subtract it.

    Shapes: logits (..., prototypes), centre (prototypes,) -> (..., prototypes).
    Units: each row sums to one, in float32 or, for float64 logits, float64.
    Errors: ValueError where tau is not positive and finite.
    Source: facebookresearch/dino, main_dino.py, DINOLoss.forward.
    """
    check_positive(tau, name="tau")
    logits, centre = promoted(logits.detach(), centre.detach())
    targets: Tensor = ((logits - centre) / tau).softmax(-1)
    return targets


def cross_entropies(
    student: Float[Tensor, "crops batch prototypes"],
    targets: Float[Tensor, "views batch prototypes"],
    *,
    tau: float = 0.1,
) -> Float[Tensor, "views crops"]:
    """H(t_u, s_v) = -Σ_k t_uk log softmax(s_v / τ)_k of every view with every crop,
    averaged over the batch.

    As Σ_k t_uk LSE(s_v / τ) - ⟨t_u, s_v⟩ / τ it needs no table of log-probabilities:
    the student's logits are read twice and all pairs are one product. No gradient goes
    into the targets.

    Shapes: student (crops, batch, prototypes), targets (views, batch, prototypes) ->
    (views, crops).
    Units: nats, in float32 or, for float64 logits, float64.
    Errors: ValueError where tau is not positive and finite, or the batch is empty.
    Source: Caron et al. 2021, equation 2.
    """
    check_positive(tau, name="tau")
    if not student.shape[1]:
        shape = tuple(student.shape)
        raise ValueError(f"student must hold at least one picture, got the shape {shape}")
    student, targets = promoted(student, targets.detach())
    with without_autocast(student.device):
        spread = torch.einsum("ub,vb->uv", targets.sum(-1), (student / tau).logsumexp(-1))
        agreement = targets.flatten(1) @ student.flatten(1).T / tau
        return (spread - agreement) / student.shape[1]


def cross_view_loss(
    student: Float[Tensor, "crops batch prototypes"],
    targets: Float[Tensor, "views batch prototypes"],
    *,
    tau: float = 0.1,
) -> Float[Tensor, ""]:
    """The mean of the cross-entropies of every view with every other crop.

    The first crops are the views themselves, in their order: with two views of n crops
    there are 2 (n - 1) terms.

    Shapes: student (crops, batch, prototypes), targets (views, batch, prototypes) -> ().
    Units: nats.
    Errors: ValueError where there are fewer than two crops, or fewer crops than views,
    or as ``cross_entropies``.
    Source: Caron et al. 2021, equation 3; facebookresearch/dino, main_dino.py.
    """
    crops, views = len(student), len(targets)
    if crops < max(views, 2):
        needed = max(views, 2)
        raise ValueError(f"student must hold at least {needed} crops, got {crops}")
    terms = cross_entropies(student, targets, tau=tau)
    return (terms.sum() - terms.diagonal().sum()) / (views * (crops - 1))


def dino_loss(
    student: Float[Tensor, "crops batch prototypes"],
    teacher: Float[Tensor, "views batch prototypes"],
    centre: Float[Tensor, "prototypes"],
    *,
    student_tau: float = 0.1,
    teacher_tau: float = 0.04,
) -> Float[Tensor, ""]:
    """DINO's loss of the logits of a student and a teacher.

        L = 1 / (2 (n - 1)) Σ_u Σ_{v≠u} H(softmax((t_u - c) / τ_t), softmax(s_v / τ_s))

    Its gradient by a student's logits is (p_s - p_t) / τ_s, averaged; the teacher gets
    none. Update the centre with ``teacher`` after this call, not before.

    >>> import torch
    >>> from mmnotes.dino import dino_loss
    >>> student, teacher = torch.zeros(6, 4, 32), torch.zeros(2, 4, 32)
    >>> round(dino_loss(student, teacher, torch.zeros(32)).exp().item(), 3)
    32.0

    Shapes: student (crops, batch, prototypes), teacher (views, batch, prototypes),
    centre (prototypes,) -> (); the first crops are the views.
    Units: logits are cosines in DINO; the loss is in nats.
    Errors: as ``centred_targets`` and ``cross_view_loss``.
    Source: facebookresearch/dino, main_dino.py, DINOLoss; both temperatures are its
    defaults.
    """
    targets = centred_targets(teacher, centre, tau=teacher_tau)
    return cross_view_loss(student, targets, tau=student_tau)
