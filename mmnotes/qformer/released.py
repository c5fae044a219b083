"""Fill a Q-Former from transformers' checkpoints, entry by entry, by name."""

from collections.abc import Mapping

from torch import Tensor, nn

from mmnotes.layers.weights import fill_

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
