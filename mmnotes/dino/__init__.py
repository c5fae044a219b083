"""DINO: a network learns without labels from a slow average of itself, which sees less cropped views of the picture.

Paper: Caron et al., Emerging properties in self-supervised vision transformers (2021).

Differs:
- views are flipped, jittered in colour and turned grey; the authors' blur and solarisation are left out, and crops
  are read bilinearly;
- the head has three layers without batch norm, as it has with every released ViT;
- one process: the authors average the centre over all of them;
- the network is ``mmnotes.layers.vision_transformer``.
"""

from mmnotes.dino.centre import updated_centre
from mmnotes.dino.components import as_colours, principal_components
from mmnotes.dino.head import DINOHead
from mmnotes.dino.loss import centred_targets, cross_entropies, cross_view_loss, dino_loss
from mmnotes.dino.measures import (
    attention_auc,
    attention_jaccard,
    attention_lift,
    attention_mask,
    neighbours_vote,
    object_shares,
)
from mmnotes.dino.teacher import teacher_momentum, teacher_of, update_teacher_
from mmnotes.dino.views import crop_boxes, cropped, jittered, multi_crop

__all__ = [
    "DINOHead",
    "as_colours",
    "attention_auc",
    "attention_jaccard",
    "attention_lift",
    "attention_mask",
    "centred_targets",
    "crop_boxes",
    "cropped",
    "cross_entropies",
    "cross_view_loss",
    "dino_loss",
    "jittered",
    "multi_crop",
    "neighbours_vote",
    "object_shares",
    "principal_components",
    "teacher_momentum",
    "teacher_of",
    "update_teacher_",
    "updated_centre",
]
