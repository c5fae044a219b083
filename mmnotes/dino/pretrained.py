"""The small vision transformers that learned from scenes of the corpus, without labels."""

from typing import Literal, get_args

import torch

from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.vision_transformer import VisionTransformer
from mmnotes.layers.weights import part

Ground = Literal["same", "exchanged"]
GROUNDS: tuple[Ground, ...] = get_args(Ground)
SEEDS, SIZE, PATCH = (0, 1, 2), 64, 8
DIM, DEPTH = 64, 3
MEAN, SPREAD = 0.5, 0.25  # of pixels, nearly


def untrained_backbone(*, dim: int = DIM, depth: int = DEPTH) -> VisionTransformer:
    """A vision transformer, unless told otherwise of the trained ones' size, with its first, random weights.

    That pixels are to be centred and scaled is in the weights of its first layer.

    Shapes: pixels (batch, 3, 64, 64), or other multiples of 8, from 0 to 1 -> as ``VisionTransformer``.
    """
    sizes = {"size": SIZE, "patch": PATCH, "dim": dim, "depth": depth, "heads": 4, "hidden": 4 * dim}
    model = VisionTransformer(**sizes, scale=1.0, registers=0)
    with torch.no_grad():
        weight, bias = model.patch.parameters()
        weight.div_(SPREAD)
        bias.sub_(MEAN * weight.sum((1, 2, 3)))
    return model


def pretrained_backbone(*, ground: Ground, seed: int) -> VisionTransformer:
    """The teacher after training, frozen: ``ground`` says what lay behind the objects in the two views of a scene.

    Shapes: as ``untrained_backbone``.
    Errors: ValueError for a seed that is not 0, 1 or 2.
    Source: trained by tools/dino/train.py.
    """
    return stored_backbone(__package__, f"{ground}.", seed=seed)


def stored_backbone(package: str, names: str, *, seed: int) -> VisionTransformer:
    """A trained backbone from a package's ``weights.npz``, where its entries start with `names` and the seed.

    Errors: ValueError for a seed that is not 0, 1 or 2.
    """
    if seed not in SEEDS:
        raise ValueError(f"seed must be one of {SEEDS}, got {seed}")
    model = untrained_backbone()
    model.load_state_dict(part(stored_arrays(package, "weights.npz"), f"{names}{seed}."))
    return model.requires_grad_(False)
