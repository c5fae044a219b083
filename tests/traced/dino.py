"""DINO, and the vision transformer that it trains."""

from functools import partial

import torch
from torch import Tensor

from mmnotes.dino import (
    DINOHead,
    as_colours,
    attention_auc,
    attention_jaccard,
    attention_lift,
    attention_mask,
    centred_targets,
    cropped,
    cross_entropies,
    cross_view_loss,
    dino_loss,
    neighbours_vote,
    object_shares,
    principal_components,
    updated_centre,
)
from mmnotes.layers.colours import luma
from mmnotes.layers.scaled_block import ScaledBlock
from mmnotes.layers.vision_transformer import VisionTransformer
from tests.traced import Traced, filled, rand

WHOLE = ("vmap",)  # an order, a threshold and a vote have no slope


def vit() -> VisionTransformer:
    sizes = {"size": 4, "patch": 2, "dim": 6, "depth": 2, "heads": 3, "hidden": 7}
    return filled(VisionTransformer(scale=1.0, registers=1, **sizes))


def block() -> ScaledBlock:
    return filled(ScaledBlock(dim=6, heads=3, hidden=7, scale=1.0))


def seen() -> tuple[Tensor, Tensor]:
    """Pictures of another size than the table of positions, and which patches are masked."""
    return rand(2, 3, 4, 6), torch.tensor([[True, False, False, True, False, False]] * 2)


def read() -> tuple[Tensor, Tensor]:
    """Maps of attention and masks of objects."""
    return rand(2, 3, 5).sigmoid(), torch.arange(180).view(2, 6, 15) % 7 < 3


def head() -> DINOHead:
    return filled(DINOHead(dim=5, hidden=7, bottleneck=3, prototypes=11))


TRACED = [
    Traced("layers.scaled_block.ScaledBlock", lambda: (block(), (rand(2, 4, 6),))),
    Traced("layers.scaled_block.ScaledBlock.attention_branch", lambda: (block().attention_branch, (rand(2, 4, 6),))),
    Traced("layers.scaled_block.ScaledBlock.mlp_branch", lambda: (block().mlp_branch, (rand(2, 4, 6),))),
    Traced("layers.scaled_block.ScaledBlock.attention_weights", lambda: (block().attention_weights, (rand(2, 4, 6),))),
    Traced("layers.vision_transformer.VisionTransformer", lambda: (vit(), seen())),
    Traced("layers.vision_transformer.VisionTransformer.states", lambda: (vit().states, (rand(2, 4, 6),))),
    Traced("layers.vision_transformer.VisionTransformer.embed", lambda: (vit().embed, seen())),
    Traced("layers.vision_transformer.VisionTransformer.cls_attention", lambda: (vit().cls_attention, seen())),
    # The table is the module's own: there is no tensor to transform.
    Traced(
        "layers.vision_transformer.VisionTransformer.positions",
        lambda: (partial(vit().positions, rows=3, columns=5), ()),
        (),
    ),
    Traced("dino.DINOHead", lambda: (head(), (rand(2, 4, 5),))),
    # Targets carry no gradient, so their slope by the logits is zero, which autograd has no graph for.
    Traced("dino.centred_targets", lambda: (centred_targets, (rand(2, 4, 11), rand(11))), ("vmap",)),
    Traced("dino.cross_entropies", lambda: (cross_entropies, (rand(4, 3, 11), rand(2, 3, 11).softmax(-1)))),
    Traced("dino.cross_view_loss", lambda: (cross_view_loss, (rand(4, 3, 11), rand(2, 3, 11).softmax(-1)))),
    Traced("dino.dino_loss", lambda: (dino_loss, (rand(4, 3, 11), rand(2, 3, 11), rand(11)))),
    Traced("dino.updated_centre", lambda: (updated_centre, (rand(11), rand(2, 3, 11))), ("vmap",)),
    Traced("dino.cropped", lambda: (partial(cropped, size=3), (rand(2, 3, 5, 4), rand(2, 4).sigmoid()))),
    Traced("layers.colours.luma", lambda: (luma, (rand(2, 3, 5, 4),))),
    Traced("dino.object_shares", lambda: (partial(object_shares, rows=3, columns=5), read()[1:]), WHOLE),
    Traced("dino.attention_auc", lambda: (attention_auc, read()), WHOLE),
    Traced("dino.attention_lift", lambda: (attention_lift, read())),
    Traced("dino.attention_mask", lambda: (attention_mask, read()[:1]), WHOLE),
    Traced("dino.attention_jaccard", lambda: (attention_jaccard, read()), WHOLE),
    Traced("dino.principal_components", lambda: (partial(principal_components, count=2), (rand(7, 5),))),
    Traced("dino.as_colours", lambda: (as_colours, (rand(7, 3),))),
    Traced(
        # How many labels there are is read from the labels, which cannot be done under a transform.
        "dino.neighbours_vote",
        lambda: (partial(neighbours_vote, neighbours=3), (rand(4, 5), rand(7, 5), torch.arange(7) % 3)),
        (),
    ),
]

DRAW = "A draw from a generator cannot be traced."
UNTRACED = {
    "layers.areas.area_average": "there is nothing to trace",
    "dino.crop_boxes": DRAW,
    "dino.jittered": DRAW,
    "dino.multi_crop": DRAW,
    "dino.teacher_of": "there is nothing to trace",
    "dino.teacher_momentum": "there is nothing to trace",
    "dino.update_teacher_": "there is nothing to trace",
}
