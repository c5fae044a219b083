"""The plan that decoupling argues against: text and picture in one softmax.

Paper: Ye et al., IP-Adapter (2023), section 3.2.2, on concatenation.

Differs: the image keeps keys and values of its own here, so that the softmax is all that is different.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.decoupled_attention.attention import DecoupledAttention, replaced_
from mmnotes.layers.attention import split_heads


class AppendedAttention(DecoupledAttention):
    """W_o softmax([Q Kᵀ / √d ; Q K'ᵀ / √d + log λ]) [V ; V']: one softmax over the tokens of the text and the image.

    It has the parameters of a ``DecoupledAttention`` and starts as one does. λ multiplies the odds of the image, so it
    is a knob too: 0 leaves the image out, and a large one leaves the text out.

    Shapes: x (batch, tokens, dim), text (batch, context, context_dim), image (batch, images, context_dim)
    -> (batch, tokens, dim).
    Errors: ValueError for an image without tokens, or a scale below 0.
    Source: equation da-odds of the chapter.
    """

    def read(
        self,
        x: Float[Tensor, "batch tokens dim"],
        text: Float[Tensor, "batch context context_dim"],
        image: Float[Tensor, "batch images context_dim"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads from both before the output map: one softmax."""
        query, heads = self.text.query(x), self.text.heads
        keys = torch.cat([self.text.key(text), self.key(image)], dim=1)
        values = torch.cat([self.text.value(text), self.value(image)], dim=1)
        louder = torch.zeros_like(keys[0, :, 0])
        louder[text.shape[1] :] = math.log(self.scale)
        parts = (query, keys, values)
        query, keys, values = (split_heads(each, heads=heads) for each in parts)
        weights = (query @ keys.mT / query.shape[-1] ** 0.5 + louder).softmax(-1)
        read: Tensor = (weights @ values).transpose(1, 2).flatten(2)
        return read

    def _check(self, image: Tensor | None) -> None:
        super()._check(image)
        if self.scale < 0:
            raise ValueError(f"scale must be at least 0, got {self.scale}")


def appended_(network: nn.Module) -> list[AppendedAttention]:
    """Put an ``AppendedAttention`` in place of every text block's cross-attention, as ``decoupled_`` puts its layers.

    It cannot be traced: it changes a module.

    Errors: as ``decoupled_``.
    """
    return replaced_(network, AppendedAttention)
