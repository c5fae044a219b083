"""The sizes of released models, and models of these sizes."""

from typing import Any

from mmnotes.deepstack import LevelledTower
from mmnotes.layers.gated import SwiGLU
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl.decoder import Decoder
from mmnotes.qwen3_vl.feed_forward import Experts
from mmnotes.qwen3_vl.model import Qwen3VL
from mmnotes.vision_tower import VisionTower
from mmnotes.vision_tower.released import QWEN3, QWEN3_TOWERS

WORDS, D, SECTIONS, BASE = 151_936, 128, (24, 20, 20), 5e6
# pytorch/torchtitan, torchtitan/models/qwen3_vl/__init__.py at 132d070, which has no 4B and no 32B. ``hidden`` is
# the width of a SwiGLU's hidden layer: of the one that there is, or of each expert.
LANGUAGES: dict[str, dict[str, Any]] = {
    "Qwen3-VL-2B": {"depth": 28, "dim": 2048, "heads": 16, "key_heads": 8, "hidden": 6144},
    "Qwen3-VL-8B": {"depth": 36, "dim": 4096, "heads": 32, "key_heads": 8, "hidden": 12_288},
    "Qwen3-VL-30B-A3B": {
        "depth": 48, "dim": 2048, "heads": 32, "key_heads": 4, "hidden": 768, "experts": 128, "top": 8
    },
    "Qwen3-VL-235B-A22B": {
        "depth": 94, "dim": 4096, "heads": 64, "key_heads": 4, "hidden": 1536, "experts": 128, "top": 8
    },
}  # fmt: skip
TIED = ("Qwen3-VL-2B",)  # the head is the table of words


def qwen3_vl_of(name: str) -> Qwen3VL:
    """A model of a released size with random weights, to be counted or filled.

    Under ``torch.device("meta")`` it takes no memory.

    Errors: ValueError for a name of which no sizes are known here.
    Source: pytorch/torchtitan, as above.
    """
    if name not in LANGUAGES:
        raise ValueError(f"name must be one of {', '.join(LANGUAGES)}, got {name!r}")
    sizes, tower = QWEN3_TOWERS[name], {**QWEN3, **QWEN3_TOWERS[name]}
    levels, out = tower.pop("levels"), tower.pop("out")
    vision = LevelledTower(tower=VisionTower(**tower), dim=sizes["dim"], merge=QWEN3["merge"], out=out, levels=levels)
    model = Qwen3VL(vision=vision, language=decoder_of(**LANGUAGES[name]))
    if name in TIED:
        model.head.weight = model.language.words.weight
    return model


def decoder_of(
    *, depth: int, dim: int, heads: int, key_heads: int, hidden: int, experts: int | None = None, top: int | None = None
) -> Decoder:
    """A language model as the released ones are made, with experts or without.

    Errors: as ``GroupedAttention`` and ``Experts``.
    Source: pytorch/torchtitan, as above.
    """
    return Decoder(
        words=WORDS,
        dim=dim,
        heads=heads,
        key_heads=key_heads,
        axes=interleaved(SECTIONS),
        base=BASE,
        feed_forwards=[
            SwiGLU(dim=dim, hidden=hidden)
            if experts is None or top is None
            else Experts(dim=dim, hidden=hidden, experts=experts, top=top)
            for _ in range(depth)
        ],
    )
