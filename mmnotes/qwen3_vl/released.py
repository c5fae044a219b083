"""The whole model filled from the names of released checkpoints."""

from collections.abc import Mapping

from torch import Tensor

from mmnotes.layers.weights import fill_
from mmnotes.qwen3_vl.model import Qwen3VL
from mmnotes.vision_tower.released import TOWER_NAMES, shaped

_VISUAL = "model.visual."
_LAYER = r"model\.language_model\.layers\.(\d+)\."
_ATTENTION = {
    "q_proj.weight": "query.weight",
    "k_proj.weight": "key.weight",
    "v_proj.weight": "value.weight",
    "o_proj.weight": "output.weight",
    "q_norm.weight": "query_norm.weight",
    "k_norm.weight": "key_norm.weight",
}
_FEED_FORWARD = {
    "gate_proj.weight": "gate.weight",
    "up_proj.weight": "up.weight",
    "down_proj.weight": "down.weight",
    "gate.weight": "router.weight",
    "experts.gate_up_proj": "gate_up",
    "experts.down_proj": "down",
}
_NAMES = (
    *((r"model\.visual\." + pattern, "vision.tower." + new) for pattern, new in TOWER_NAMES),
    (r"model\.visual\.merger\.norm\.(weight|bias)", r"vision.merger.norm.\1"),
    (r"model\.visual\.merger\.linear_fc1\.(weight|bias)", r"vision.merger.up.\1"),
    (r"model\.visual\.merger\.linear_fc2\.(weight|bias)", r"vision.merger.down.\1"),
    (r"model\.visual\.deepstack_merger_list\.(\d+)\.norm\.(weight|bias)", r"vision.level_mergers.\1.norm.\2"),
    (r"model\.visual\.deepstack_merger_list\.(\d+)\.linear_fc1\.(weight|bias)", r"vision.level_mergers.\1.up.\2"),
    (r"model\.visual\.deepstack_merger_list\.(\d+)\.linear_fc2\.(weight|bias)", r"vision.level_mergers.\1.down.\2"),
    (r"model\.language_model\.embed_tokens\.weight", "language.words.weight"),
    (r"model\.language_model\.norm\.weight", "language.norm.weight"),
    (r"lm_head\.weight", "head.weight"),
    (_LAYER + r"input_layernorm\.weight", r"language.blocks.\1.attention_norm.weight"),
    (_LAYER + r"post_attention_layernorm\.weight", r"language.blocks.\1.feed_forward_norm.weight"),
    *((_LAYER + r"self_attn\." + name, rf"language.blocks.\1.attention.{new}") for name, new in _ATTENTION.items()),
    *((_LAYER + r"mlp\." + name, rf"language.blocks.\1.feed_forward.{new}") for name, new in _FEED_FORWARD.items()),
)


def fill_qwen3_vl_(model: Qwen3VL, state: Mapping[str, Tensor]) -> None:
    """Fill a model, in place, from the state dict of transformers' Qwen3-VL, dense or with experts.

    Where the checkpoint ties the head to the table of words, it has no entry of its own, and the table fills both.
    Names are compared and memory is written: there is nothing to trace.

    Errors: as ``fill_``, which lists what is missing, left over or of another shape.
    Source: the names of transformers 5.23.
    """
    given = shaped(state, model.vision.tower, prefix=_VISUAL)
    if "model.language_model.embed_tokens.weight" in given:
        given.setdefault("lm_head.weight", given["model.language_model.embed_tokens.weight"])
    fill_(model, given, names=_NAMES)
