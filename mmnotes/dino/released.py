"""Make a vision transformer of a released DINO or DINOv2, or fill one from transformers' checkpoints, by name."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.layers.weights import fill_

# transformers' names and ours: of DINOv2, with registers or without, and of DINO, which is a plain ViT.
_LAYER = {
    "attention.q_proj": "attention.query",
    "attention.k_proj": "attention.key",
    "attention.v_proj": "attention.value",
    "attention.o_proj": "attention.output",
    "norm1": "attention_norm",
    "layernorm_before": "attention_norm",
    "norm2": "mlp_norm",
    "layernorm_after": "mlp_norm",
    "mlp.fc1": "up",
    "mlp.fc2": "down",
}
_NAMES = [
    (r"embeddings\.cls_token", "class_token"),
    (r"embeddings\.mask_token", "mask_token"),
    (r"embeddings\.register_tokens", "registers"),
    (r"embeddings\.position_embeddings", "position"),
    (r"embeddings\.patch_embeddings\.projection\.(\w+)", r"patch.\1"),
    (r"layernorm\.(\w+)", r"norm.\1"),
    (r"pooler\..*", ""),
    (r"(?:encoder\.layer|layers)\.(\d+)\.layer_scale1\.lambda1", r"blocks.\1.attention_scale"),
    (r"(?:encoder\.layer|layers)\.(\d+)\.layer_scale2\.lambda1", r"blocks.\1.mlp_scale"),
]
_NAMES += [
    (rf"(?:encoder\.layer|layers)\.(\d+)\.{re.escape(theirs)}\.(\w+)", rf"blocks.\1.{ours}.\2")
    for theirs, ours in _LAYER.items()
]


def fill_vision_transformer_(model: VisionTransformer, state: Mapping[str, Tensor]) -> None:
    """Copy the state dict of transformers' ``Dinov2Model``, ``Dinov2WithRegistersModel`` or, for DINO, ``ViTModel``.

    What DINO's networks lack is filled with what changes nothing: scales with ones, mask token and registers with none.

    Shapes: every entry as the module's parameter of that name, but for leading axes of length one; sizes and depth have
    to agree.
    Errors: as ``fill_``.
    Source: transformers 5.23, models/dinov2, models/dinov2_with_registers and models/vit.
    """
    own, given = model.state_dict(), dict(state)
    for name in ("cls_token", "mask_token", "register_tokens", "position_embeddings"):
        if (entry := f"embeddings.{name}") in given:
            given[entry] = given[entry].reshape(given[entry].shape[-2 if name[-1] == "s" else -1 :])
    if "embeddings.mask_token" not in given:
        given["embeddings.mask_token"] = torch.zeros_like(own["mask_token"])
    if "embeddings.register_tokens" not in given:
        given["embeddings.register_tokens"] = own["registers"].new_zeros(0, own["registers"].shape[1])
    if not any("layer_scale" in name for name in given):
        for number in range(len(model.blocks)):
            for place, name in ((1, "attention_scale"), (2, "mlp_scale")):
                ones = torch.ones_like(own[f"blocks.{number}.{name}"])
                given[f"encoder.layer.{number}.layer_scale{place}.lambda1"] = ones
    fill_(model, given, names=_NAMES)


def vision_transformer_of(released: nn.Module) -> VisionTransformer:
    """A ``VisionTransformer`` of the sizes and with the weights of a released DINO or DINOv2, for reading.

    Sizes are read and memory is written: there is nothing to trace.

    Shapes: pixels (batch, 3, height, width), as the model's configuration says.
    Errors: ValueError for SwiGLU networks, which only DINOv2's largest model has; as ``fill_`` otherwise.
    Source: transformers 5.23, configurations of models/dinov2, models/dinov2_with_registers and models/vit.
    """
    config: Any = released.config
    if getattr(config, "use_swiglu_ffn", False):
        raise ValueError("released must have plain MLPs, got use_swiglu_ffn")
    dim = config.hidden_size
    hidden = int(dim * config.mlp_ratio) if hasattr(config, "mlp_ratio") else config.intermediate_size
    model = VisionTransformer(
        size=config.image_size,
        patch=config.patch_size,
        dim=dim,
        depth=config.num_hidden_layers,
        heads=config.num_attention_heads,
        hidden=hidden,
        scale=getattr(config, "layerscale_value", 1.0),
        registers=getattr(config, "num_register_tokens", 0),
    )
    fill_vision_transformer_(model, released.state_dict())
    return model.requires_grad_(False)
