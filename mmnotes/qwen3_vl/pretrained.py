"""A small Qwen3-VL that was trained to answer questions about boards of drawings."""

from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor, nn

from mmnotes.deepstack import LevelledTower
from mmnotes.layers.stored import stored_arrays
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl.decoder import Decoder
from mmnotes.qwen3_vl.feed_forward import SwiGLU
from mmnotes.qwen3_vl.model import Qwen3VL
from mmnotes.vision_tower import VisionTower

PATCH, MERGE, SIDE, VISION_DIM = 8, 2, 12, 96
LEVELS = (1, 3, 4)  # of 6 blocks, as 8, 16, 24 of 27
SECTIONS, BASE, DIM, DEPTH = (6, 5, 5), 1000.0, 128, 4


def small_qwen3_vl(*, words: int, axes: Int[Tensor, "planes"] | None = None, levels: Sequence[int] = LEVELS) -> Qwen3VL:
    """The small model with random weights: 2.3 million of them, two in five in the mergers.

    Shapes: as ``Qwen3VL``; pictures of patches of 3 · 2 · 8² values; axes, interleaved without them, (16,).
    Units: pixels from -1 to 1.
    """
    tower = VisionTower(
        channels=3, patch=PATCH, merge=MERGE, side=SIDE, dim=VISION_DIM, depth=6, heads=4, hidden=4 * VISION_DIM
    )
    language = Decoder(
        words=words,
        dim=DIM,
        heads=4,
        key_heads=2,
        axes=interleaved(SECTIONS) if axes is None else axes,
        base=BASE,
        feed_forwards=[SwiGLU(dim=DIM, hidden=3 * DIM) for _ in range(DEPTH)],
    )
    vision = LevelledTower(tower=tower, dim=VISION_DIM, merge=MERGE, out=DIM, levels=levels)
    model = Qwen3VL(vision=vision, language=language)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
    nn.init.normal_(language.words.weight, std=0.02)
    return model


def pretrained_qwen3_vl() -> Qwen3VL:
    """The small model after training, frozen.

    A file is read, which cannot be traced.

    Shapes: as ``small_qwen3_vl``; words are those of ``mmnotes.data.questions.LEXICON``.
    Source: trained by tools/qwen3_vl/train.py.
    """
    weights = stored_arrays(__package__, "weights.npz")
    model = small_qwen3_vl(words=len(weights["language.words.weight"]))
    model.load_state_dict(weights)
    return model.requires_grad_(False)
