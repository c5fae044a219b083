"""The small CLIPs that learned the emoji corpus, one a seed, each read out in three ways."""

from torch import nn

from mmnotes.clip.model import CLIP, ImageTower
from mmnotes.clip.readout import AttentionReadout, ClassReadout, MeanReadout
from mmnotes.clip.text import TextTower
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import part

SEEDS, DIM, HEADS, LENGTH = (0, 1, 2), 64, 4, 16


def untrained_clip(*, vocabulary: int) -> nn.ModuleDict:
    """A CLIP of the trained ones' size, read at [CLS], and two other readouts of the same tokens.

    The parts are called ``clip``, ``mean`` and ``attention``.

    Shapes: pixels (images, 3, 32, 32), token_ids (texts, at most 16).
    """
    sizes = {"dim": DIM, "heads": HEADS, "hidden": 4 * DIM}
    readout = ClassReadout(dim=DIM, features=DIM)
    image = ImageTower(size=32, patch=4, depth=4, readout=readout, **sizes)
    text = TextTower(vocabulary=vocabulary, length=LENGTH, depth=2, features=DIM, **sizes)
    mean = MeanReadout(dim=DIM, features=DIM)
    attention = AttentionReadout(dim=DIM, features=DIM, patches=64, heads=HEADS)
    return nn.ModuleDict({"clip": CLIP(image=image, text=text), "mean": mean, "attention": attention})


def pretrained_clip(*, seed: int) -> nn.ModuleDict:
    """The trained model of a seed, frozen.

    Shapes: as ``untrained_clip``; a text starts with the last id but one of the vocabulary and ends with the last.
    Errors: ValueError for a seed that is not 0, 1 or 2.
    Source: trained by tools/clip/train.py.
    """
    if seed not in SEEDS:
        raise ValueError(f"seed must be one of {SEEDS}, got {seed}")
    weights = part(stored_arrays(__package__, "weights.npz"), f"{seed}.")
    model = untrained_clip(vocabulary=len(weights["clip.text.words.weight"]))
    model.load_state_dict(weights)
    return model.requires_grad_(False)
