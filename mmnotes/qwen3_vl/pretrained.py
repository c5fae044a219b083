"""A small Qwen3-VL that was trained to answer questions about boards of drawings."""

from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor, nn

from mmnotes.deepstack.pretrained import LEVELS, OUT, pretrained_tower, small_tower
from mmnotes.layers.gated import SwiGLU
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import part
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl.decoder import Decoder
from mmnotes.qwen3_vl.model import Qwen3VL

SECTIONS, BASE, DEPTH = (6, 5, 5), 1000.0, 4


def small_qwen3_vl(*, words: int, axes: Int[Tensor, "planes"] | None = None, levels: Sequence[int] = LEVELS) -> Qwen3VL:
    """The small model with random weights: 2.3 million of them, one in three in the mergers.

    Shapes: as ``Qwen3VL``; pictures of patches of 3 · 2 · 8² values; axes, interleaved without them, (16,).
    Units: pixels from -1 to 1.
    """
    language = Decoder(
        words=words,
        dim=OUT,
        heads=4,
        key_heads=2,
        axes=interleaved(SECTIONS) if axes is None else axes,
        base=BASE,
        feed_forwards=[SwiGLU(dim=OUT, hidden=3 * OUT) for _ in range(DEPTH)],
    )
    model = Qwen3VL(vision=small_tower(levels=levels), language=language)
    for module in (*language.modules(), model.head):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
    nn.init.normal_(language.words.weight, std=0.02)
    return model


def pretrained_qwen3_vl() -> Qwen3VL:
    """The small model after training, frozen; its vision lies beside the chapter on DeepStack.

    Files are read, which cannot be traced.

    Shapes: as ``small_qwen3_vl``; words are those of ``mmnotes.data.questions.LEXICON``.
    Source: trained by tools/qwen3_vl/train.py.
    """
    weights = stored_arrays(__package__, "weights.npz")
    model = small_qwen3_vl(words=len(weights["head.weight"]))
    model.vision.load_state_dict(pretrained_tower().state_dict())
    model.language.load_state_dict(part(weights, "language."))
    model.head.load_state_dict(part(weights, "head."))
    return model.requires_grad_(False)
