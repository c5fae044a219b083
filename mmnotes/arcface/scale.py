"""How low the loss can fall when logits are cosines: it depends on the scale and on how many classes there are.

Papers: Wang et al., NormFace (2017), section 3.3, and CosFace (2018), section 3.3, for the bound and the least scale.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.scales import check_finite as check_number
from mmnotes.layers.scales import check_positive


def least_loss(*, classes: int, s: float, margin: float = 0.0) -> float:
    """The floor of the loss over all unit features and rows: log(1 + (C - 1) exp(-s (C / (C - 1) - m))).

    It is reached where every feature lies on its row and the rows form a simplex. The margin is CosFace's; ArcFace's
    costs as much as m = 1 - cos m2 at the angle 0, where it costs least below π - m2.

    >>> print(f"{least_loss(classes=529, s=1.0):.2f}, {math.log(529):.2f} for a guess")
    5.27, 6.27 for a guess

    There is nothing to trace.

    Units: nats.
    Errors: ValueError for fewer than two classes, a scale that is not positive and finite, and a margin that is not.
    Source: Wang et al. 2017, proposition 2, whose bound it is for features as long as s.
    """
    if classes < 2:
        raise ValueError(f"classes must be 2 or more, got {classes}")
    check_positive(s, name="s")
    check_number(margin, name="margin")
    gap = math.log(classes - 1) - s * (classes / (classes - 1) - margin)
    return max(gap, 0.0) + math.log1p(math.exp(-abs(gap)))


def least_scale(*, classes: int, share: float) -> float:
    """The smallest s at which softmax can give the right class this share: (C - 1)/C log((C - 1) p / (1 - p)).

    There is nothing to trace.

    Errors: ValueError for fewer than two classes, and a share that is not between 1 / classes and 1.
    Source: Wang et al., CosFace, equation 6.
    """
    if classes < 2:
        raise ValueError(f"classes must be 2 or more, got {classes}")
    if not 1 / classes < share < 1:
        raise ValueError(f"share must lie between 1 / classes and 1, got {share}")
    return (classes - 1) / classes * math.log((classes - 1) * share / (1 - share))


def simplex(*, classes: int) -> Float[Tensor, "classes classes"]:
    """Unit rows with the cosine -1 / (C - 1) between any two, as far apart as so many can be, in float64.

    They lie in a space of one dimension less. There is nothing to trace.

    Shapes: (classes, classes).
    Errors: ValueError for fewer than two classes.
    Source: the vertices of the cube's corner less their mean, scaled.
    """
    if classes < 2:
        raise ValueError(f"classes must be 2 or more, got {classes}")
    return (torch.eye(classes, dtype=torch.float64) - 1 / classes) * math.sqrt(classes / (classes - 1))
