"""The small vision transformers that learned by DINOv2's recipe, on exchanged grounds."""

from mmnotes.dino.pretrained import stored_backbone
from mmnotes.layers.vision_transformer import VisionTransformer


def pretrained_backbone(*, seed: int) -> VisionTransformer:
    """The teacher after training, frozen; its students had two heads, Sinkhorn's targets and KoLeo.

    Shapes: as ``mmnotes.dino.pretrained.untrained_backbone``.
    Errors: ValueError for a seed that is not 0, 1 or 2.
    Source: trained by tools/dinov2/train.py.
    """
    return stored_backbone(__package__, "", seed=seed)
