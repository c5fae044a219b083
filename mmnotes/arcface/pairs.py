"""Verification: which pairs show one identity twice, how alike they are, and how many pass a threshold.

Papers: Huang et al., Labeled faces in the wild (2007), for the task; Maze et al., IJB-C (2018), for TAR at FAR.
"""

from itertools import combinations
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.arcface.checks import check_far, check_finite, check_scores
from mmnotes.arcface.margins import cosines


class Pairs(NamedTuple):
    """The scores of pairs that show the same identity, and of pairs that show different ones."""

    same: Float[Tensor, "pairs"]
    different: Float[Tensor, "others"]


def scored_pairs(photographs: Float[Tensor, "identities views dim"]) -> Pairs:
    """The cosine of every two features whose views differ, apart by whether their identities do too.

    Where a view is a style of drawing, no pair is alike merely by its style.

    Shapes: photographs (identities, views, dim) -> same (identities · views (views - 1) / 2,), and different
    (identities - 1) times as many.
    Units: cosines, in float32 or, for float64 features, float64.
    Errors: ValueError for features that are not finite, fewer than two identities or fewer than two views.
    Source: the task is that of Huang et al. 2007; the pairs are all there are, not a list of some.
    """
    identities, views, _ = photographs.shape
    if min(identities, views) < 2:
        raise ValueError(f"photographs must show 2 identities or more in 2 views or more, got {identities} in {views}")
    check_finite(photographs, name="photographs")
    pairs = combinations(range(views), 2)
    tables = torch.stack([cosines(photographs[:, first], photographs[:, second]) for first, second in pairs])
    # In a row of n² scores those of n + 1 steps are the diagonal: cut the first off, and it is a column.
    off = tables.flatten(1)[:, 1:].unflatten(1, (identities - 1, identities + 1))[..., :-1]
    return Pairs(tables.diagonal(dim1=1, dim2=2).flatten(), off.flatten())


def tar_at_far(
    same: Float[Tensor, "pairs"],
    different: Float[Tensor, "others"],
    *,
    far: float,
) -> Float[Tensor, ""]:
    """The share of same pairs accepted where at most a share ``far`` of different ones is.

    Accepted is what scores above the threshold, and the threshold is a different pair's
    score: that of the first one which may no longer pass. A pair of the same score does
    not pass either.

    >>> same, different = torch.tensor([0.9, 0.6, 0.2]), torch.tensor([0.7, 0.5, 0.3, 0.1])
    >>> print(tar_at_far(same, different, far=0.25))  # 0.7 may pass, 0.5 may not
    tensor(0.6667)

    Shapes: same (pairs,), different (others,) -> ().
    Units: shares from 0 to 1; scores where more is more alike.
    Errors: ValueError for no pair, NaN, and far outside 0 to 1.
    Source: the definition.
    Differs: deepinsight/insightface, recognition/arcface_torch/eval_ijbc.py, takes the
    point of the curve nearest to far, which may lie above it.
    """
    check_scores(same, name="same")
    check_scores(different, name="different")
    check_far(far=far)
    # 0.29 of 100 are 29, and in floating point 28.999999999999996.
    allowed = int(far * len(different) * (1 + 1e-12))
    if allowed == len(different):
        return same.new_ones(())
    return (same > different.sort(descending=True).values[allowed]).to(same.dtype).mean()


def roc_curve(
    same: Float[Tensor, "pairs"], different: Float[Tensor, "others"], thresholds: Float[Tensor, "thresholds"]
) -> tuple[Float[Tensor, "thresholds"], Float[Tensor, "thresholds"]]:
    """FAR and TAR at every threshold: the shares of different and of same pairs that score above it.

    Shapes: same (pairs,), different (others,), thresholds (thresholds,) -> far and tar, both (thresholds,).
    Units: shares from 0 to 1.
    Errors: ValueError for no pair or threshold, and for NaN.
    Source: the definition.
    """
    for name, scores in (("same", same), ("different", different), ("thresholds", thresholds)):
        check_scores(scores, name=name)
    far, tar = (
        1 - torch.searchsorted(scores.sort().values, thresholds, right=True) / len(scores)
        for scores in (different, same)
    )
    return far.to(same.dtype), tar.to(same.dtype)
