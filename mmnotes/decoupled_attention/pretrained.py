"""The image prompts that were trained beside the generator: from one feature vector, and from a grid of them."""

from typing import Literal

from mmnotes.decoupled_attention.attention import DecoupledAttention
from mmnotes.decoupled_attention.prompt import ImageProjection, ImagePrompt
from mmnotes.decoupled_attention.resampler import Resampler
from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import part

Kind = Literal["pooled", "patches"]


def untrained_image_prompt(layers: list[DecoupledAttention], *, kind: Kind) -> ImagePrompt:
    """A prompt of a trained one's size for these layers, with four tokens; in their dtype and on their device.

    It cannot be traced: it makes a module.

    Shapes: features (batch, 256) for ``pooled``, (batch, 16, 64) for ``patches`` -> (batch, 4, 96).
    """
    return ImagePrompt(_projection(kind), layers).to(layers[0].key.weight)


def pretrained_image_prompt(layers: list[DecoupledAttention], *, kind: Kind) -> ImagePrompt:
    """The trained prompt, frozen, with its keys and values in the layers of ``pretrained_unet``.

    It cannot be traced: it makes a module and fills the layers.

    Shapes: as ``untrained_image_prompt``.
    Source: trained by tools/decoupled_attention/train.py.
    """
    prompt = untrained_image_prompt(layers, kind=kind)
    prompt.load_state_dict(part(stored_arrays(__package__, "weights.npz"), f"{kind}."))
    return prompt.requires_grad_(False)


def _projection(kind: Kind) -> ImageProjection | Resampler:
    if kind == "pooled":
        return ImageProjection(image_dim=256, num_tokens=4, dim=96)
    return Resampler(image_dim=64, dim=64, heads=4, head_dim=16, depth=2, queries=4, out=96, expansion=2)
