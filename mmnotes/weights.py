"""Fill the book's modules from the checkpoints of released libraries, entry by entry, by name."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


def fill_(module: nn.Module, state: Mapping[str, Tensor], *, names: Sequence[tuple[str, str]]) -> None:
    """Copy a library's state dict into a module, whose parameters it changes.

    ``names`` are pairs of a pattern, which has to match a whole name of the library's, and the name that the entry has
    here, where ``\\1`` stands for the first group of the pattern. The first pattern that matches counts. An entry
    whose new name is empty is left out on purpose: a buffer, or a part that this module does not have.

    Shapes: every entry as the module's parameter of that name.
    Errors: one ValueError that lists every entry that no pattern matches, every parameter that no entry fills, and
    every entry of another shape; then nothing has been copied.
    Source: the names are those of the library that wrote the checkpoint.
    """
    own, renamed, amiss = module.state_dict(), dict[str, Tensor](), list[str]()
    for name, value in state.items():
        found = next((re.sub(pattern, new, name) for pattern, new in names if re.fullmatch(pattern, name)), name)
        if found not in own and found:
            amiss.append(f"unknown: {name}")
        elif found and own[found].shape != value.shape:
            amiss.append(f"shape: {name} is {tuple(value.shape)}, {found} is {tuple(own[found].shape)}")
        renamed[found] = value
    amiss += [f"missing: {name}" for name in own if name not in renamed]
    if amiss:
        raise ValueError("state does not fit the module:\n" + "\n".join(amiss))
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(renamed[name])


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
    "mlp.fc1": "expand",
    "mlp.fc2": "contract",
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


def fill_qformer_(retriever: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy the weights of transformers' ``Blip2ForImageTextRetrieval`` into a ``mmnotes.qformer.Retriever``.

    Its image encoder is left out: hand the Q-Former what that encoder says. The retrieval model has neither a word
    head nor a temperature, and a Blip2Model or Blip2ForConditionalGeneration has no text half; of those this is the
    error's list.

    Shapes: every entry as the retriever's parameter of that name.
    Errors: as ``fill_``.
    Source: the names of transformers 5.23.0.
    """
    fill_(retriever, state, names=_QFORMER_NAMES)


_LAYER = r"qformer\.encoder\.layer\.(\d+)\."
_QFORMER_NAMES = [
    (r"vision_model\..*", ""),
    (r"query_tokens", "qformer.queries"),
    (r"embeddings\.(word|position)_embeddings\.weight", r"qformer.text.\1s.weight"),
    (r"embeddings\.position_ids", ""),
    (r"qformer\.layernorm\.(\w+)", r"qformer.norm.\1"),
    (_LAYER + r"attention\.attention\.(\w+\.\w+)", r"qformer.blocks.\1.attention.\2"),
    (_LAYER + r"attention\.output\.dense\.(\w+)", r"qformer.blocks.\1.attention.output.\2"),
    (_LAYER + r"attention\.output\.LayerNorm\.(\w+)", r"qformer.blocks.\1.norm.\2"),
    (_LAYER + r"crossattention\.attention\.(\w+\.\w+)", r"qformer.blocks.\1.cross.\2"),
    (_LAYER + r"crossattention\.output\.dense\.(\w+)", r"qformer.blocks.\1.cross.output.\2"),
    (_LAYER + r"crossattention\.output\.LayerNorm\.(\w+)", r"qformer.blocks.\1.cross_norm.\2"),
    (_LAYER + r"intermediate_query\.dense\.(\w+)", r"qformer.blocks.\1.query_feed.up.\2"),
    (_LAYER + r"output_query\.dense\.(\w+)", r"qformer.blocks.\1.query_feed.down.\2"),
    (_LAYER + r"output_query\.LayerNorm\.(\w+)", r"qformer.blocks.\1.query_feed.norm.\2"),
    (_LAYER + r"intermediate\.dense\.(\w+)", r"qformer.blocks.\1.text_feed.up.\2"),
    (_LAYER + r"output\.dense\.(\w+)", r"qformer.blocks.\1.text_feed.down.\2"),
    (_LAYER + r"output\.LayerNorm\.(\w+)", r"qformer.blocks.\1.text_feed.norm.\2"),
    (r"vision_projection\.(\w+)", r"image_projection.\1"),
    (r"itm_head\.(\w+)", r"match.\1"),
]
