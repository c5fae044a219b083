"""Logits that are cosines, with a margin on the one of the right class: SphereFace, ArcFace and CosFace in one line.

Papers: Liu et al., SphereFace (2017); Wang et al., CosFace (2018); Deng et al., ArcFace (2019), equation 4.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from mmnotes.arcface.checks import check_cosines, check_finite, check_labels, check_margins
from mmnotes.layers.precision import promoted, without_autocast


def cosines(
    features: Float[Tensor, "batch dim"], prototypes: Float[Tensor, "classes dim"]
) -> Float[Tensor, "batch classes"]:
    """The cosine of every feature with the row of every class: cos θ_ij = <x_i, w_j> / (|x_i| |w_j|).

    A vector of zeros has the cosine 0 with everything.

    Shapes: features (batch, dim), prototypes (classes, dim) -> (batch, classes).
    Units: cosines, -1 to 1, in float32 or, for float64, float64; under autocast too.
    Errors: ValueError for an empty, infinite or NaN argument.
    Source: deepinsight/insightface, recognition/arcface_torch/partial_fc_v2.py, PartialFC_V2.forward.
    Differs: that code makes the product in half precision under autocast, and clamps it afterwards.
    """
    check_finite(features, name="features")
    check_finite(prototypes, name="prototypes")
    features, prototypes = promoted(features, prototypes)
    with without_autocast(features.device):
        return normalize(features, dim=1) @ normalize(prototypes, dim=1).T


def margin_logits(
    cosine: Float[Tensor, "batch classes"],
    labels: Int[Tensor, "batch"],
    *,
    m1: float = 1.0,
    m2: float = 0.0,
    m3: float = 0.0,
    s: float = 64.0,
) -> Float[Tensor, "batch classes"]:
    """The logits s cos θ_j, but s (cos(m1 θ_y + m2) - m3) for the right class y.

    The gradient is that of the formula. m1 is SphereFace's margin, m2 ArcFace's, m3
    CosFace's. Beyond m1 θ + m2 = π the logit rises with the angle, and its gradient
    pushes a feature away from its own row.

    >>> cosine = torch.tensor([[0.5, 0.1]], dtype=torch.float64)
    >>> print(margin_logits(cosine, torch.tensor([0]), m2=0.5, s=10.0))
    tensor([[0.2360, 1.0000]], dtype=torch.float64)

    Shapes: cosine (batch, classes), labels (batch,) -> (batch, classes).
    Units: m1 and m3 are numbers, m2 is in radians; logits are float32 or, for float64
    cosines, float64.
    Errors: ValueError for cosines that are NaN or not from -1 to 1, labels that are no
    class, m1 <= 0, a negative or infinite m2 or m3, s <= 0.
    Source: Deng et al. 2019, equation 4; has the values of insightface's
    CombinedMarginLoss where that has any.
    Differs: all three margins at once; and its gradient is not the released one.
    """
    own, cosine = _own_of(cosine, labels, m1=m1, m2=m2, m3=m3, s=s)
    return _scaled(cosine, labels, own - _with_margin(own, m1=m1, m2=m2, m3=m3), s=s)


def straight_through_logits(
    cosine: Float[Tensor, "batch classes"],
    labels: Int[Tensor, "batch"],
    *,
    m1: float = 1.0,
    m2: float = 0.0,
    m3: float = 0.0,
    s: float = 64.0,
) -> Float[Tensor, "batch classes"]:
    """The values of ``margin_logits`` with the gradient of s cos θ_j.

    The margin is subtracted as a constant. This is what insightface trains with: its
    arccos and cos happen where no gradient is recorded, so that for the gradient they
    never happened.

    Shapes: cosine (batch, classes), labels (batch,) -> (batch, classes).
    Units: as ``margin_logits``.
    Errors: as ``margin_logits``.
    Source: deepinsight/insightface, recognition/arcface_torch/losses.py,
    CombinedMarginLoss, values and gradient.
    Differs: all three margins at once, where that code has m2 alone or m3 alone.
    """
    own, cosine = _own_of(cosine, labels, m1=m1, m2=m2, m3=m3, s=s)
    own = own.detach()
    return _scaled(cosine, labels, own - _with_margin(own, m1=m1, m2=m2, m3=m3), s=s)


def guarded_logits(
    cosine: Float[Tensor, "batch classes"], labels: Int[Tensor, "batch"], *, m2: float, s: float = 64.0
) -> Float[Tensor, "batch classes"]:
    """ArcFace's logits, but s (cos θ_y - m2 sin m2) for a right class beyond θ_y = π - m2.

    With the guard the logit falls with the angle everywhere. At π - m2 it jumps.

    Shapes: cosine (batch, classes), labels (batch,) -> (batch, classes).
    Units: as ``margin_logits``.
    Errors: as ``margin_logits``.
    Source: ronghuaiyang/arcface-pytorch, models/metrics.py, ArcMarginProduct. Its two constants are set in
    deepinsight/insightface, recognition/arcface_torch/losses.py, too, and not read there.
    """
    own, cosine = _own_of(cosine, labels, m1=1.0, m2=m2, m3=0.0, s=s)
    near = _with_margin(own, m1=1.0, m2=m2, m3=0.0)
    kept = torch.where(own > math.cos(math.pi - m2), near, own - m2 * math.sin(m2))
    return _scaled(cosine, labels, own - kept, s=s)


def margin_loss(
    features: Float[Tensor, "batch dim"],
    prototypes: Float[Tensor, "classes dim"],
    labels: Int[Tensor, "batch"],
    *,
    m1: float = 1.0,
    m2: float = 0.0,
    m3: float = 0.0,
    s: float = 64.0,
) -> Float[Tensor, ""]:
    """The mean cross-entropy of ``margin_logits``: -log of the share that softmax gives the right class.

    Shapes: features (batch, dim), prototypes (classes, dim), labels (batch,) -> ().
    Units: nats, in float32 or, for float64, float64.
    Errors: as ``cosines`` and ``margin_logits``.
    Source: Deng et al. 2019, equation 4.
    """
    logits = margin_logits(cosines(features, prototypes), labels, m1=m1, m2=m2, m3=m3, s=s)
    return cross_entropy(logits, labels.long())


def _own_of(cosine: Tensor, labels: Tensor, *, m1: float, m2: float, m3: float, s: float) -> tuple[Tensor, Tensor]:
    """The right class's cosines (batch, 1), and all, as they are computed with; after everything was asked of them."""
    check_margins(m1=m1, m2=m2, m3=m3, s=s)
    check_cosines(cosine)
    check_labels(labels, classes=cosine.shape[1])
    (cosine,) = promoted(cosine)
    return cosine.gather(1, labels[:, None].long()), cosine


def _scaled(cosine: Tensor, labels: Tensor, cost: Tensor, *, s: float) -> Tensor:
    """All cosines times s, the right class's less what its margin costs; the matrix is written once."""
    logits = s * cosine
    return logits.scatter_add_(1, labels[:, None].long(), -s * cost)


def _with_margin(own: Tensor, *, m1: float, m2: float, m3: float) -> Tensor:
    """cos(m1 θ + m2) - m3, with a slope of zero where θ is 0 or π to the last digit and no direction is left."""
    if m1 == 1 and m2 == 0:  # the angle is not needed, and neither is the loss of digits near 0 that it brings
        return own - m3
    inside = own.abs() < 1
    angle = torch.where(inside, torch.where(inside, own, 0).arccos(), math.pi * (own < 0))
    return (m1 * angle + m2).cos() - m3
