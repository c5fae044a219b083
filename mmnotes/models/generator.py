"""The book's generator of small pictures: the size of its U-Net, and what its pixels and prompts look like inside.

It learned the animals, plants, food and drinks of the emoji corpus: ``python -m tools.flow.train``.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.unet import UNet

MEAN = (0.867, 0.803, 0.748)  # red, green and blue of the drawings that it learned from
TEXT_DIM = 384  # of the sentence features
LEARNED_GROUPS = ("Animals & Nature", "Food & Drink")  # of the corpus


def untrained_unet() -> UNet:
    """The network, before its weights are loaded.

    Shapes: x (batch, 3, 32, 32), t (batch,), text (batch, 384) -> (batch, 3, 32, 32).
    Units: as ``UNet``.
    Source: the sizes are ours.
    """
    return UNet(channels=3, widths=(32, 64, 80), text_dim=TEXT_DIM, text_tokens=4, dim=96, heads=4)


def pretrained_unet() -> UNet:
    """The network that learned the corpus, frozen.

    Shapes: as ``untrained_unet``.
    Units: as ``UNet``.
    Source: trained by tools/flow/train.py.
    """
    network = untrained_unet()
    network.load_state_dict(stored_arrays(__package__, "generator.npz"))
    return network.requires_grad_(False)


def to_network(pictures: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Pictures as the network knows them: centred, and twice as wide.

    Shapes: kept.
    Units: red, green and blue from 0 to 1.
    Source: the scale of Ho et al., Denoising diffusion probabilistic models (2020), section 3.3; the centre is ours.
    """
    return 2 * (pictures - torch.tensor(MEAN)[:, None, None])


def to_pictures(x: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """The way back; what lies outside 0 to 1 is clipped.

    Shapes: kept.
    Units: red, green and blue from 0 to 1.
    Source: as ``to_network``.
    """
    return (x / 2 + torch.tensor(MEAN)[:, None, None]).clamp(0, 1)


def prompts(features: Float[Tensor, "batch 384"]) -> Float[Tensor, "batch 384"]:
    """Sentence features of unit length, stretched so that an entry is about 1 in size.

    Shapes: kept.
    Source: ours.
    """
    return math.sqrt(TEXT_DIM) * features
