"""The small vision transformers that learned to fill in, on exchanged grounds, with one head for [CLS] and patches."""

from mmnotes.dino.pretrained import SEEDS, untrained_backbone
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.layers.weights import part


def pretrained_backbone(*, seed: int) -> VisionTransformer:
    """The teacher after training, frozen; its mask token and all else follow the student's.

    Shapes: as ``mmnotes.dino.pretrained.untrained_backbone``.
    Errors: ValueError for a seed that is not 0, 1 or 2.
    Source: trained by tools/ibot/train.py.
    """
    if seed not in SEEDS:
        raise ValueError(f"seed must be one of {SEEDS}, got {seed}")
    model = untrained_backbone()
    model.load_state_dict(part(stored_arrays(__package__, "weights.npz"), f"{seed}."))
    return model.requires_grad_(False)
