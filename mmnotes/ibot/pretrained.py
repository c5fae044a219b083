"""The small vision transformers that learned to fill in, on exchanged grounds, with one head for [CLS] and patches."""

from mmnotes.dino.pretrained import stored_backbone
from mmnotes.layers.vision_transformer import VisionTransformer


def pretrained_backbone(*, seed: int) -> VisionTransformer:
    """The teacher after training, frozen; its mask token and all else follow the student's.

    Shapes: as ``mmnotes.dino.pretrained.untrained_backbone``.
    Errors: ValueError for a seed that is not 0, 1 or 2.
    Source: trained by tools/ibot/train.py.
    """
    return stored_backbone(__package__, "", seed=seed)
