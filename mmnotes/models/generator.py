"""The book's generator of small pictures: the size of its U-Net, and what its pixels and prompts look like inside.

It learned the animals, plants, food and drinks of the emoji corpus: ``python -m tools.flow.train``.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.precision import promoted
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.unet import UNet

MEAN = (0.867, 0.803, 0.748)  # red, green and blue of the drawings that it learned from
TEXT_DIM = 384  # of the sentence features
LEARNED_GROUPS = ("Animals & Nature", "Food & Drink")  # of the corpus


def untrained_unet() -> UNet:
    """The network, before its weights are loaded.

    It cannot be traced: it makes a module.

    Shapes: x (batch, 3, 32, 32), or other sides that are multiples of 8, t (batch,), text (batch, 384) -> that of x.
    Units: as ``UNet``.
    """
    return UNet(channels=3, widths=(32, 64, 80), text_dim=TEXT_DIM, text_tokens=4, dim=96, heads=4)


def pretrained_unet() -> UNet:
    """The network that learned the corpus, frozen, in float32; ``.to`` brings it to other dtypes and devices.

    It cannot be traced: it makes a module.

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
    Units: red, green and blue from 0 to 1, in the dtype and on the device of the result.
    Source: the scale of Ho et al., Denoising diffusion probabilistic models (2020), section 3.3; the centre is ours.
    """
    (colours,) = promoted(pictures)
    return (2 * (colours - _mean(colours))).to(pictures.dtype)


def to_pictures(x: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """The way back; what lies outside 0 to 1 is clipped.

    Shapes: kept.
    Units: red, green and blue from 0 to 1.
    Source: as ``to_network``.
    """
    (values,) = promoted(x)
    return (values / 2 + _mean(values)).clamp(0, 1).to(x.dtype)


def prompts(features: Float[Tensor, "batch 384"]) -> Float[Tensor, "batch 384"]:
    """Sentence features of unit length, stretched so that an entry is about 1 in size.

    Shapes: kept.
    """
    return math.sqrt(TEXT_DIM) * features


def _mean(like: Tensor) -> Tensor:
    return torch.tensor(MEAN, dtype=like.dtype, device=like.device)[:, None, None]
