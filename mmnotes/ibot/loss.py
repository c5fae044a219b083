"""What iBOT minimises: DINO's loss of [CLS], and the student's account of the patches that were hidden from it.

Paper: Zhou et al., iBOT (2022), equations 2 and 3.
"""

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from mmnotes.dino import centred_targets, cross_view_loss
from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted
from mmnotes.layers.scales import check_positive


class Logits(NamedTuple):
    """What a network says of crops: ``cls`` (crops, batch, prototypes), and of the global ones alone ``patches``
    (views, batch, patches, patch prototypes).
    """

    cls: Tensor
    patches: Tensor


class Centres(NamedTuple):
    """One for each kind of token: ``cls`` (prototypes,) and ``patches`` (patch prototypes,)."""

    cls: Tensor
    patches: Tensor


def patch_cross_entropies(
    student: Float[Tensor, "*batch prototypes"],
    targets: Float[Tensor, "*batch prototypes"],
    *,
    tau: float = 0.1,
) -> Float[Tensor, "*batch"]:
    """-Σ_k t_k log softmax(s / τ)_k of each patch with itself.

    No gradient goes into the targets.

    Shapes: student and targets (..., prototypes) -> (...).
    Units: nats, in float32 or, for float64 logits, float64.
    Errors: ValueError where tau is not positive and finite.
    """
    check_positive(tau, name="tau")
    student, targets = promoted(student, targets.detach())
    return -(targets * (student / tau).log_softmax(-1)).sum(-1)


def patch_loss(
    student: Float[Tensor, "*batch patches prototypes"],
    targets: Float[Tensor, "*batch patches prototypes"],
    masked: Bool[Tensor, "*batch patches"],
    *,
    tau: float = 0.1,
) -> Float[Tensor, ""]:
    """The mean over pictures of the mean over their masked patches.

    A picture without a mask counts as zero, so that it weighs as much as any other. The
    paper writes a sum over patches.

    >>> import torch
    >>> from mmnotes.ibot import patch_loss
    >>> student, targets = torch.zeros(2, 4, 8), torch.full((2, 4, 8), 1 / 8)
    >>> masked = torch.tensor([[True, True, True, False], [False, False, True, False]])
    >>> round(patch_loss(student, targets, masked).exp().item(), 3)
    8.0

    Shapes: student and targets (..., patches, prototypes), masked (..., patches) -> ().
    Units: nats.
    Errors: ValueError where tau is not positive and finite, or there is no picture.
    Source: bytedance/ibot, main_ibot.py, iBOTLoss.forward; facebookresearch/dinov2,
    iBOTPatchLoss.forward.
    """
    _check_pictures(masked)
    each = patch_cross_entropies(student, targets, tau=tau)
    return ((each * masked).sum(-1) / masked.sum(-1).clamp(min=1)).mean()


def gathered_patch_loss(
    student: Float[Tensor, "hidden prototypes"],
    targets: Float[Tensor, "hidden prototypes"],
    masked: Bool[Tensor, "batch patches"],
    *,
    tau: float = 0.1,
) -> Float[Tensor, ""]:
    """``patch_loss`` of the masked patches alone, picked out before the head: no other
    needs a row of prototypes.

    Shapes: student and targets (hidden, prototypes), the masked patches of all pictures in
    their order; masked (batch, patches), True so many times -> ().
    Units: nats.
    Errors: ValueError where tau is not positive and finite, there is no picture, or masked
    has another number of hidden patches than student.
    Source: facebookresearch/dinov2, ibot_patch_loss.py, iBOTPatchLoss.forward_masked.
    """
    _check_pictures(masked)
    if values_known(masked) and (hidden := int(masked.sum())) != len(student):
        raise ValueError(f"student must hold the {hidden} patches that are masked, got {len(student)}")
    counts = masked.sum(-1, keepdim=True).clamp(min=1)
    weights = counts.reciprocal().expand(masked.shape)[masked]
    return (patch_cross_entropies(student, targets, tau=tau) * weights).sum() / len(masked)


def ibot_loss(
    student: Logits,
    teacher: Logits,
    masked: Bool[Tensor, "views batch patches"],
    centres: Centres,
    *,
    student_tau: float = 0.1,
    cls_tau: float = 0.04,
    patch_tau: float = 0.04,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The two terms of iBOT, which add up with equal weights: [CLS] across crops, masked
    patches within one.

        L_cls = DINO's loss
        L_patch = mean_u mean_b Σ_i m_i H(softmax((t_i - c') / τ'), softmax(s_i / τ)) / M_ub

    with M_ub = Σ_i m_i, or 1 where that is 0. The student's global crops have the holes, the
    teacher's none. Both centres move after this call, not before; that of the patches follows
    all patches, masked or not.

    Shapes: student.cls (crops, batch, prototypes), teacher.cls (views, batch, prototypes),
    patches of both (views, batch, patches, patch prototypes), masked (views, batch,
    patches) -> (), ().
    Units: nats.
    Errors: as ``centred_targets``, ``cross_view_loss`` and ``patch_loss``.
    Source: bytedance/ibot, main_ibot.py, iBOTLoss; the temperatures are its defaults, of
    which the patches' warms up to 0.07.
    """
    whole = centred_targets(teacher.cls, centres.cls, tau=cls_tau)
    each = centred_targets(teacher.patches, centres.patches, tau=patch_tau)
    cls = cross_view_loss(student.cls, whole, tau=student_tau)
    return cls, patch_loss(student.patches, each, masked, tau=student_tau)


def _check_pictures(masked: Tensor) -> None:
    if not masked.shape[:-1].numel():
        raise ValueError(f"masked must hold at least one picture, got the shape {tuple(masked.shape)}")
