"""Make a CLIP of a released model, or fill one from transformers' checkpoints, entry by entry, by name."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from mmnotes.clip.model import CLIP, ImageTower
from mmnotes.clip.readout import ClassReadout
from mmnotes.clip.text import TextTower
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


def clip_of(released: nn.Module) -> CLIP:
    """A ``CLIP`` of the sizes and with the weights of transformers' ``CLIPModel``, for reading, not for training.

    Sizes are read and memory is written: there is nothing to trace.

    Shapes: pixels (images, 3, size, size), token_ids (texts, tokens), as the model's configuration says.
    Errors: ValueError where a tower's activation is not QuickGELU; as ``fill_`` otherwise.
    Source: transformers 5.23, models/clip/configuration_clip.py.
    """
    config: Any = released.config
    for name, tower in (("vision", config.vision_config), ("text", config.text_config)):
        if tower.hidden_act != "quick_gelu":
            raise ValueError(f"released must run with quick_gelu, got {tower.hidden_act!r} in its {name} tower")
    vision, text, features = config.vision_config, config.text_config, config.projection_dim
    readout = ClassReadout(dim=vision.hidden_size, features=features)
    clip = CLIP(
        image=ImageTower(size=vision.image_size, patch=vision.patch_size, readout=readout, **_sizes(vision)),
        text=TextTower(
            vocabulary=text.vocab_size, length=text.max_position_embeddings, features=features, **_sizes(text)
        ),
    )
    fill_clip_(clip, released.state_dict())
    return clip.requires_grad_(False)


def _sizes(tower: Any) -> dict[str, int]:
    return {
        "dim": tower.hidden_size,
        "depth": tower.num_hidden_layers,
        "heads": tower.num_attention_heads,
        "hidden": tower.intermediate_size,
    }
