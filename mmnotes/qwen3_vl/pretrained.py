"""A small Qwen3-VL that was trained to answer questions about boards of drawings."""

from torch import nn

from mmnotes.deepstack import LevelledTower
from mmnotes.mrope import interleaved
from mmnotes.qwen3_vl.decoder import Decoder
from mmnotes.qwen3_vl.feed_forward import SwiGLU
from mmnotes.qwen3_vl.model import Qwen3VL
from mmnotes.vision_tower import VisionTower

PATCH, MERGE, SIDE, VISION_DIM = 8, 2, 12, 96
LEVELS = (1, 3, 4)  # of 6 blocks, as 8, 16, 24 of 27
SECTIONS, BASE, DIM, DEPTH = (6, 5, 5), 1000.0, 128, 4


def small_qwen3_vl(*, words: int) -> Qwen3VL:
    """The small model with random weights."""
    tower = VisionTower(
        channels=3, patch=PATCH, merge=MERGE, side=SIDE, dim=VISION_DIM, depth=6, heads=4, hidden=4 * VISION_DIM
    )
    language = Decoder(
        words=words,
        dim=DIM,
        heads=4,
        key_heads=2,
        axes=interleaved(SECTIONS),
        base=BASE,
        feed_forwards=[SwiGLU(dim=DIM, hidden=3 * DIM) for _ in range(DEPTH)],
    )
    vision = LevelledTower(tower=tower, dim=VISION_DIM, merge=MERGE, out=DIM, levels=LEVELS)
    model = Qwen3VL(vision=vision, language=language)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(
                module.weight, std=0.02 if isinstance(module, nn.Embedding) else module.weight.shape[1] ** -0.5
            )
    return model
