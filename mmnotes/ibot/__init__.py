"""iBOT: besides what DINO asks of [CLS], a student that is shown holes says what the teacher, which sees all, makes of
the hidden patches.

Paper: Zhou et al., iBOT: image BERT pre-training with online tokenizer (2022).

Differs:
- the network is ``mmnotes.layers.vision_transformer``, the [CLS] loss and the centres are ``mmnotes.dino``;
- one process: the authors average the centres over all of them.
"""

from mmnotes.ibot.loss import gathered_patch_loss, ibot_loss, patch_cross_entropies, patch_loss
from mmnotes.ibot.masks import block_mask, crop_masks, mask_ratios, random_mask

__all__ = [
    "block_mask",
    "crop_masks",
    "gathered_patch_loss",
    "ibot_loss",
    "mask_ratios",
    "patch_cross_entropies",
    "patch_loss",
    "random_mask",
]
