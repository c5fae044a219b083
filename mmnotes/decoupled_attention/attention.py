"""A cross-attention with a softmax for the text and another for the picture.

Paper: Ye et al., IP-Adapter (2023), section 3.2.2.
"""

from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.attention import Attention, attend
from mmnotes.layers.precision import promoted
from mmnotes.layers.unet_blocks import TextBlock


class DecoupledAttention(nn.Module):
    """W_o (softmax(Q Kᵀ / √d) V + λ softmax(Q K'ᵀ / √d) V'), with K, V from the text and K', V' from the image.

    It stands where a cross-attention stood, and no softmax runs over both. λ is the attribute ``scale``. K' and V'
    start as copies of K and V, in their dtype and on their device, so at scale 1 the new layer is *not* the old one
    from the start; at scale 0, and without an image, it is, to the last bit. Several pictures are one image with more
    tokens.

    >>> text, image = torch.ones(1, 2, 3), torch.rand(1, 5, 3)
    >>> layer = DecoupledAttention(Attention(dim=4, heads=2, context_dim=3))
    >>> layer.scale = 0.0
    >>> torch.equal(layer(torch.ones(1, 6, 4), text, image), layer.text(torch.ones(1, 6, 4), text))
    True

    Shapes: x (batch, tokens, dim), text (batch, context, context_dim), image (batch, images, context_dim)
    -> (batch, tokens, dim).
    Units: scale 0 leaves the image out, 1 is what training used.
    Errors: ValueError for an image without tokens.
    Source: Ye et al. 2023, section 3.2.2; agrees with ``IPAdapterAttnProcessor2_0`` of diffusers 0.42.1; the copies are
    those of the authors' tutorial_train.py.
    """

    def __init__(self, text: Attention) -> None:
        super().__init__()
        self.text, self.scale = text, 1.0
        own = text.key.weight
        self.key, self.value = (
            nn.Linear(own.shape[1], own.shape[0], bias=False, device=own.device, dtype=own.dtype) for _ in range(2)
        )
        self.key.load_state_dict({"weight": own})
        self.value.load_state_dict({"weight": text.value.weight})

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        text: Float[Tensor, "batch context context_dim"],
        image: Float[Tensor, "batch images context_dim"] | None = None,
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads, from both."""
        self._check(image)
        output: Tensor
        if image is None or self.scale == 0:
            output = self.text(x, text)
            return output
        output = self.text.output(self.read(x, text, image))
        return output

    def read(
        self,
        x: Float[Tensor, "batch tokens dim"],
        text: Float[Tensor, "batch context context_dim"],
        image: Float[Tensor, "batch images context_dim"],
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads from both before the output map: a softmax for each."""
        query, heads = self.text.query(x), self.text.heads
        read = attend(query, self.text.key(text), self.text.value(text), heads=heads)
        seen = attend(query, self.key(image), self.value(image), heads=heads)
        return torch.add(read, seen, alpha=self.scale)

    def _check(self, image: Tensor | None) -> None:
        if image is not None and not image.shape[1]:
            raise ValueError("image must have at least one token, got 0")


Layer = TypeVar("Layer", bound=DecoupledAttention)


def decoupled_(network: nn.Module) -> list[DecoupledAttention]:
    """Put a ``DecoupledAttention`` in place of every text block's cross-attention; the layers, in the network's order.

    Everything that was there is frozen; what remains to be trained is the layers' ``key`` and ``value``, and whatever
    makes the tokens. It cannot be traced: it changes a module.

    Errors: ValueError for a network without text blocks, or whose blocks read an image already.
    Source: the authors' tutorial_train.py, which replaces the attention processors.
    """
    return replaced_(network, DecoupledAttention)


def replaced_(network: nn.Module, made: type[Layer]) -> list[Layer]:
    """Put ``made`` of each cross-attention in its place, and freeze all that was there; the layers, in order.

    It cannot be traced: it changes a module.

    Errors: as ``decoupled_``.
    """
    blocks = [module for module in network.modules() if isinstance(module, TextBlock)]
    if not blocks:
        raise ValueError("network must have text blocks, got none")
    attentions = [block.cross_attention for block in blocks if isinstance(block.cross_attention, Attention)]
    if done := len(blocks) - len(attentions):
        raise ValueError(f"network must not read an image yet, got {done} of {len(blocks)} text blocks that do")
    network.requires_grad_(False)
    layers = [made(attention) for attention in attentions]
    for block, layer in zip(blocks, layers, strict=True):
        block.cross_attention = layer
    return layers


def image_share(
    text: Float[Tensor, "*rest context"],
    image: Float[Tensor, "*rest images"],
) -> Float[Tensor, "*rest"]:
    """The weight g that the image gets from *one* softmax over the scores of both.

    g = Σ exp(image) / (Σ exp(text) + Σ exp(image)). Such an attention reads
    (1 - g) A_text + g A_image, where each A has a softmax of its own.

    Shapes: text (..., context), image (..., images) -> (...).
    Units: scores as the softmax gets them, after the division by √d; g from 0 to 1.
    Errors: ValueError where neither has a score.
    Source: Ye et al. 2023, section 3.2.2, argue against concatenation without formula.
    """
    if not text.shape[-1] + image.shape[-1]:
        raise ValueError("text and image must have at least one score, got none")
    of_text, of_image = promoted(text, image)
    share = torch.sigmoid(of_image.logsumexp(-1) - of_text.logsumexp(-1))
    return share.to(image.dtype)
