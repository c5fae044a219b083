"""Fill a CLIP from transformers' checkpoints, entry by entry, by name."""

import re
from collections.abc import Mapping

from torch import Tensor, nn

from mmnotes.layers.weights import fill_

# transformers' names of CLIP, and ours; "pre_layrnorm" is spelled so in every checkpoint. A layer's names come last.
_CLIP_NAMES = [
    (r"(vision|text)_model\.embeddings\.position_ids", ""),
    (r"vision_model\.embeddings\.class_embedding", "image.class_token"),
    (r"vision_model\.embeddings\.patch_embedding\.weight", "image.patch.weight"),
    (r"vision_model\.embeddings\.position_embedding\.weight", "image.position"),
    (r"vision_model\.pre_layrnorm\.(\w+)", r"image.norm.\1"),
    (r"vision_model\.post_layernorm\.(\w+)", r"image.readout.norm.\1"),
    (r"visual_projection\.weight", "image.readout.projection.weight"),
    (r"text_model\.embeddings\.token_embedding\.weight", "text.words.weight"),
    (r"text_model\.embeddings\.position_embedding\.weight", "text.position"),
    (r"text_model\.final_layer_norm\.(\w+)", r"text.norm.\1"),
    (r"text_projection\.weight", "text.projection.weight"),
]
_CLIP_TOWERS = {"vision": "image", "text": "text"}
_CLIP_LAYER = {
    "self_attn.q_proj": "attention.query",
    "self_attn.k_proj": "attention.key",
    "self_attn.v_proj": "attention.value",
    "self_attn.out_proj": "attention.output",
    "layer_norm1": "attention_norm",
    "layer_norm2": "mlp_norm",
    "mlp.fc1": "up",
    "mlp.fc2": "down",
}
_CLIP_NAMES += [
    (rf"{tower}_model\.encoder\.layers\.(\d+)\.{re.escape(theirs)}\.(\w+)", rf"{ours}.blocks.\1.{name}.\2")
    for tower, ours in _CLIP_TOWERS.items()
    for theirs, name in _CLIP_LAYER.items()
]


def fill_clip_(clip: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy the state dict of transformers' ``CLIPModel`` into a ``CLIP`` whose image tower is read at [CLS].

    Shapes: every entry as the module's parameter of that name; sizes, depth and vocabulary have to agree.
    Errors: as ``fill_``.
    Source: transformers 5.23, models/clip/modeling_clip.py; older versions' position_ids are left out.
    """
    fill_(clip, state, names=_CLIP_NAMES)
