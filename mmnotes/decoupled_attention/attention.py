"""A cross-attention with a softmax for the text and another for the picture.

Paper: Ye et al., IP-Adapter (2023), section 3.2.2.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.attention import Attention, attend
from mmnotes.layers.unet_blocks import TextBlock


class DecoupledAttention(nn.Module):
    """W_o (softmax(Q Kᵀ / √d) V + λ softmax(Q K'ᵀ / √d) V'), with K, V from the text and K', V' from the image.

    It stands where a cross-attention stood. The context is what travels there anyway: the text's tokens and, behind
    them, ``tokens`` of the image. They part here; no softmax runs over both. λ is the attribute ``scale``. K' and V'
    start as copies of K and V, so at scale 1 the new layer is *not* the old one from the start; at scale 0 it is.

    Shapes: x (batch, tokens, dim), context (batch, context, context_dim) -> (batch, tokens, dim).
    Units: scale 0 leaves the image out, 1 is what training used.
    Errors: ValueError where the context is too short to hold the image's tokens and one of the text.
    Source: Ye et al. 2023, section 3.2.2; agrees with ``IPAdapterAttnProcessor2_0`` of diffusers 0.42.1; the copies are
    those of the authors' tutorial_train.py.
    """

    def __init__(self, text: Attention, *, tokens: int) -> None:
        super().__init__()
        self.text, self.tokens, self.scale = text, tokens, 1.0
        dim, context_dim = text.key.weight.shape
        self.key, self.value = (nn.Linear(context_dim, dim, bias=False) for _ in range(2))
        self.key.load_state_dict({"weight": text.key.weight})
        self.value.load_state_dict({"weight": text.value.weight})

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], context: Float[Tensor, "batch context context_dim"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads, from both."""
        if context.shape[1] <= self.tokens:
            raise ValueError(f"context must be text and {self.tokens} tokens of an image, got {context.shape[1]}")
        # Contiguous, for a linear layer of a view may round otherwise than in the frozen network.
        text, image = context[:, : -self.tokens].contiguous(), context[:, -self.tokens :]
        query = self.text.query(x)
        read = attend(query, self.text.key(text), self.text.value(text), heads=self.text.heads)
        seen = attend(query, self.key(image), self.value(image), heads=self.text.heads)
        output: Tensor = self.text.output(torch.add(read, seen, alpha=self.scale))
        return output


def decoupled_(network: nn.Module, *, tokens: int) -> list[DecoupledAttention]:
    """Put a ``DecoupledAttention`` in place of every text block's cross-attention; the layers, in the network's order.

    Everything that was there is frozen; what remains to be trained is the layers' ``key`` and ``value``, and whatever
    makes the tokens.

    Shapes: none.
    Errors: ValueError for a network without text blocks.
    Source: the authors' tutorial_train.py, which replaces the attention processors.
    """
    network.requires_grad_(False)
    blocks = [module for module in network.modules() if isinstance(module, TextBlock)]
    if not blocks:
        raise ValueError("network must have text blocks, got none")
    layers = [DecoupledAttention(block.cross_attention, tokens=tokens) for block in blocks]
    for block, layer in zip(blocks, layers, strict=True):
        block.add_module("cross_attention", layer)
    return layers


def image_share(text: Float[Tensor, "*rest context"], image: Float[Tensor, "*rest images"]) -> Float[Tensor, "*rest"]:
    """The weight g that the image gets from *one* softmax over the scores of text and image together.

    g = Σ exp(image) / (Σ exp(text) + Σ exp(image)). Such an attention reads (1 - g) A_text + g A_image, where each A
    has a softmax of its own.

    Shapes: text (..., context), image (..., images) -> (...).
    Units: scores as the softmax gets them, after the division by √d; g from 0 to 1.
    Source: ours; Ye et al. 2023, section 3.2.2, argue against concatenation without the formula.
    """
    return torch.sigmoid(image.logsumexp(-1) - text.logsumexp(-1))
