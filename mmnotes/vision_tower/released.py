"""The sizes of released towers, and towers filled from the names of released checkpoints."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mmnotes.layers.weights import fill_
from mmnotes.vision_tower.tower import VisionTower
from mmnotes.vision_tower.windows import WindowTower

# Qwen3-VL: pytorch/torchtitan, torchtitan/models/qwen3_vl/__init__.py at 132d070, which has no 4B and no 32B.
# ``side`` is the square root of num_position_embeddings; ``out`` is the width of the language model.
_LARGE: dict[str, Any] = {"dim": 1024, "depth": 24, "heads": 16, "hidden": 4096}
_SO400M: dict[str, Any] = {"dim": 1152, "depth": 27, "heads": 16, "hidden": 4304}
QWEN3 = {"channels": 3, "patch": 16, "merge": 2, "side": 48}
QWEN3_TOWERS: dict[str, dict[str, Any]] = {
    "Qwen3-VL-2B": {**_LARGE, "levels": (5, 11, 17), "out": 2048},
    "Qwen3-VL-8B": {**_SO400M, "levels": (8, 16, 24), "out": 4096},
    "Qwen3-VL-30B-A3B": {**_SO400M, "levels": (8, 16, 24), "out": 2048},
    "Qwen3-VL-235B-A22B": {**_SO400M, "levels": (8, 16, 24), "out": 4096},
}
# Qwen2.5-VL: pytorch/torchtune, torchtune/models/qwen2_5_vision/_model_builders.py at 49698b2; the report's table 1
# prints 3456 for all of them.
QWEN25: dict[str, Any] = {
    "channels": 3,
    "patch": 14,
    "merge": 2,
    "side": 8,
    "dim": 1280,
    "depth": 32,
    "heads": 16,
    "whole": (7, 15, 23, 31),
}
QWEN25_TOWERS: dict[str, dict[str, Any]] = {
    "Qwen2.5-VL-3B": {"hidden": 3420, "out": 2048},
    "Qwen2.5-VL-7B": {"hidden": 3420, "out": 3584},
    "Qwen2.5-VL-32B": {"hidden": 3456, "out": 5120},
    "Qwen2.5-VL-72B": {"hidden": 3456, "out": 8192},
}

TOWER_NAMES = (
    (r"patch_embed\.proj\.(weight|bias)", r"patch.\1"),
    (r"pos_embed\.weight", "table"),
    (r"blocks\.(\d+)\.norm1\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (r"blocks\.(\d+)\.norm2\.(weight|bias)", r"blocks.\1.mlp_norm.\2"),
    (r"blocks\.(\d+)\.attn\.qkv\.(weight|bias)", r"blocks.\1.qkv.\2"),
    (r"blocks\.(\d+)\.attn\.proj\.(weight|bias)", r"blocks.\1.output.\2"),
    (r"blocks\.(\d+)\.mlp\.linear_fc1\.(weight|bias)", r"blocks.\1.up.\2"),
    (r"blocks\.(\d+)\.mlp\.linear_fc2\.(weight|bias)", r"blocks.\1.down.\2"),
)
WINDOW_TOWER_NAMES = (
    (r"patch_embed\.proj\.weight", "patch.weight"),
    *TOWER_NAMES[2:6],
    (r"blocks\.(\d+)\.mlp\.(gate|up|down)_proj\.(weight|bias)", r"blocks.\1.\2.\3"),
    (r"merger\.ln_q\.weight", "merger.norm.weight"),
    (r"merger\.mlp\.0\.(weight|bias)", r"merger.up.\1"),
    (r"merger\.mlp\.2\.(weight|bias)", r"merger.down.\1"),
)
_MERGERS = r"(?:deepstack_merger_list|merger)\..*"


def fill_tower_(tower: VisionTower, state: Mapping[str, Tensor]) -> None:
    """Fill a tower, in place, from the state dict of transformers' Qwen3VLVisionModel; its mergers are left out.

    Names are compared and memory is written: there is nothing to trace.

    Errors: as ``fill_``.
    Source: the names of transformers 5.23.
    """
    fill_(tower, shaped(state, tower), names=(*TOWER_NAMES, (_MERGERS, "")))


def fill_window_tower_(tower: WindowTower, state: Mapping[str, Tensor]) -> None:
    """Fill a tower, in place, from the state dict of transformers' Qwen2_5_VisionTransformerPretrainedModel.

    Names are compared and memory is written: there is nothing to trace.

    Errors: as ``fill_``.
    Source: the names of transformers 5.23.
    """
    given = dict(state)
    kernel = given.get("patch_embed.proj.weight")
    if kernel is not None and kernel.numel() == tower.patch.weight.numel():
        given["patch_embed.proj.weight"] = kernel.reshape(tower.patch.weight.shape)
    fill_(tower, given, names=WINDOW_TOWER_NAMES)


def shaped(state: Mapping[str, Tensor], tower: VisionTower, *, prefix: str = "") -> dict[str, Tensor]:
    """The same state with the kernel of the convolution as a matrix, and the table of positions as a square.

    Sizes are compared: there is nothing to trace.
    """
    given = dict(state)
    for name, to in (("patch_embed.proj.weight", tower.patch.weight), ("pos_embed.weight", tower.table)):
        value = given.get(prefix + name)
        if value is not None and value.numel() == to.numel():
            given[prefix + name] = value.reshape(to.shape)
    return given
