"""ArcFace: margins on logits, the pairs of a verification, and the floor of the loss."""

from functools import partial

import torch
from torch import Tensor, nn

from mmnotes.arcface import (
    DrawingNet,
    cosines,
    guarded_logits,
    margin_logits,
    margin_loss,
    roc_curve,
    scored_pairs,
    straight_through_logits,
    tar_at_far,
)
from tests.traced import Traced, rand

SHARES = ("vmap",)  # a count has no slope


def seen() -> tuple[Tensor, Tensor]:
    """Cosines of 5 features with 7 rows, and who it is."""
    return rand(5, 7).tanh(), torch.tensor([6, 0, 3, 3, 1])


def net() -> DrawingNet:
    """In evaluation: a batch normalises itself otherwise, and its running means change."""
    module = DrawingNet(dim=5)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double().eval()


MARGINS = {"m1": 1.1, "m2": 0.3, "m3": 0.2, "s": 5.0}
TRACED = [
    Traced("arcface.DrawingNet", lambda: (net(), (rand(2, 3, 32, 32),)), ("vmap",)),
    Traced("arcface.cosines", lambda: (cosines, (rand(5, 3), rand(7, 3)))),
    Traced("arcface.margin_logits", lambda: (partial(margin_logits, **MARGINS), seen())),
    Traced("arcface.straight_through_logits", lambda: (partial(straight_through_logits, **MARGINS), seen())),
    Traced("arcface.guarded_logits", lambda: (partial(guarded_logits, m2=0.5), seen())),
    Traced("arcface.margin_loss", lambda: (partial(margin_loss, **MARGINS), (rand(5, 3), rand(7, 3), seen()[1]))),
    Traced("arcface.scored_pairs", lambda: (scored_pairs, (rand(5, 3, 2),))),
    Traced("arcface.tar_at_far", lambda: (partial(tar_at_far, far=0.3), (rand(7), rand(11))), SHARES),
    Traced("arcface.roc_curve", lambda: (roc_curve, (rand(7), rand(11), rand(5))), SHARES),
]

UNTRACED = {
    "arcface.least_loss": "There is nothing to trace",
    "arcface.least_scale": "There is nothing to trace",
    "arcface.simplex": "There is nothing to trace",
}
