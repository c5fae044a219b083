"""The book's generator after it was tuned to draw blue pictures, and nothing else was asked of it."""

from torch import nn

from mmnotes.layers.lora import with_lora
from mmnotes.layers.stored import stored_arrays
from mmnotes.models.generator import pretrained_unet

RANK, ALPHA = 4, 4.0


def untuned_unet() -> nn.Module:
    """The shipped generator with low-rank weights that change nothing yet.

    It cannot be traced: it makes a module.

    Shapes: as ``untrained_unet``.
    """
    return with_lora(pretrained_unet(), rank=RANK, alpha=ALPHA)


def tuned_unet() -> nn.Module:
    """The same with what a run had learned from the colour alone, frozen.

    It cannot be traced: it makes a module.

    Shapes: as ``untrained_unet``.
    Source: trained by tools/flow_grpo/train.py.
    """
    network = untuned_unet()
    network.load_state_dict(stored_arrays(__package__, "weights.npz"), strict=False)
    return network.requires_grad_(False)
