"""A tower filled from the names of released checkpoints."""

from collections.abc import Mapping

from torch import Tensor

from mmnotes.layers.weights import fill_
from mmnotes.vision_tower.tower import VisionTower

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
_MERGERS = r"(?:deepstack_merger_list|merger)\..*"


def fill_tower_(tower: VisionTower, state: Mapping[str, Tensor]) -> None:
    """Fill a tower, in place, from the state dict of transformers' Qwen3VLVisionModel; its mergers are left out.

    Names are compared and memory is written: there is nothing to trace.

    Errors: as ``fill_``.
    Source: the names of transformers 5.23.
    """
    fill_(tower, shaped(state, tower), names=(*TOWER_NAMES, (_MERGERS, "")))


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
