"""Margin losses: classify by angles, and make the right class harder to reach than it is.

Papers: Liu et al., SphereFace (2017); Wang et al., NormFace (2017) and CosFace (2018); Deng et al., ArcFace (2019).

Differs:
- SphereFace's margin is the plain cos(m1 θ), as in ArcFace's equation 4: no monotone continuation beyond π / m1, and no
  blend with softmax while training starts;
- rows are not spread over processes and not sampled (Partial FC), and rows of other classes that look like the right
  one are not filtered out;
- one row for each class (no sub-centres).
"""

from mmnotes.arcface.margins import cosines, guarded_logits, margin_logits, margin_loss, straight_through_logits
from mmnotes.arcface.net import DrawingNet
from mmnotes.arcface.pairs import Pairs, roc_curve, scored_pairs, tar_at_far
from mmnotes.arcface.scale import least_loss, least_scale, simplex

__all__ = [
    "DrawingNet",
    "Pairs",
    "cosines",
    "guarded_logits",
    "least_loss",
    "least_scale",
    "margin_logits",
    "margin_loss",
    "roc_curve",
    "scored_pairs",
    "simplex",
    "straight_through_logits",
    "tar_at_far",
]
