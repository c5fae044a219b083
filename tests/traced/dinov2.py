"""DINOv2."""

from functools import partial

import torch

from mmnotes.dinov2 import koleo_loss, pack, packed_tokens, stochastic_depth, unpack
from tests.traced import Traced
from tests.traced.dino import rand, vit

BATCHES = (2, 3, 6), (1, 4, 6)


def of_crops(model, *pixels):
    """The tokens of both sizes."""
    return packed_tokens(model, pixels, [None, None])


TRACED = [
    Traced("dinov2.koleo_loss", lambda: (koleo_loss, (rand(2, 4, 5),))),
    Traced(
        "dinov2.stochastic_depth",
        lambda: (partial(stochastic_depth, branch=torch.sin, kept=torch.tensor([3, 0])), (rand(4, 2, 3),)),
    ),
    # Batches have lengths of their own, so their entries cannot be mapped over at once.
    Traced("dinov2.pack", lambda: (lambda *batches: pack(batches)[0], tuple(rand(*shape) for shape in BATCHES)), ()),
    Traced(
        "dinov2.unpack",
        lambda: (partial(unpack, like=[torch.zeros(shape) for shape in BATCHES]), (rand(1, 10, 6),)),
        ("jacrev", "jvp"),
    ),
    Traced("dinov2.packed_tokens", lambda: (partial(of_crops, vit()), (rand(2, 3, 4, 4), rand(1, 3, 2, 4))), ()),
]

UNTRACED = {
    "dinov2.kept_rows": "A draw from a generator cannot be traced.",
    "dinov2.sharded_centre": "A collective of the process group cannot be traced.",
}
