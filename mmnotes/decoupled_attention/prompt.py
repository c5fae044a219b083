"""An image prompt: a picture's features become tokens, and a network gets them beside its text.

Paper: Ye et al., IP-Adapter (2023), sections 3.2.1 and 4.1.2.
"""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.decoupled_attention.attention import DecoupledAttention


class ImageProjection(nn.Module):
    """Image tokens of one feature vector: LN(e W + b), cut into ``num_tokens`` pieces, each normed by itself.

    Shapes: features (batch, image_dim) -> (batch, num_tokens, dim).
    Errors: ValueError for num_tokens < 1.
    Source: Ye et al. 2023, section 3.2.1; ``ImageProjModel`` of the released code, with 4 tokens.
    """

    def __init__(self, *, image_dim: int, num_tokens: int, dim: int) -> None:
        super().__init__()
        if num_tokens < 1:
            raise ValueError(f"num_tokens must be at least 1, got {num_tokens}")
        self.num_tokens = num_tokens
        self.linear, self.norm = nn.Linear(image_dim, num_tokens * dim), nn.LayerNorm(dim)

    def forward(self, features: Float[Tensor, "batch image_dim"]) -> Float[Tensor, "batch images dim"]:
        """What stands for the picture in the layers that read one."""
        tokens: Tensor = self.norm(self.linear(features).unflatten(1, (self.num_tokens, -1)))
        return tokens


class ImagePrompt(nn.Module):
    """All that is trained: what turns a picture's features into tokens, and K' and V' of each decoupled layer.

    The tokens of several pictures stand behind one another, ``torch.cat([prompt(one), prompt(other)], dim=1)``: each
    layer reads them with one softmax.

    Shapes: features (batch, image_dim), or whatever ``projection`` takes -> (batch, tokens, dim).
    Source: the released checkpoints hold these two parts, ``image_proj`` and ``ip_adapter``; several pictures as in
    diffusers, whose ``image_embeds`` hold them behind one another.
    """

    def __init__(self, projection: nn.Module, layers: Iterable[DecoupledAttention]) -> None:
        super().__init__()
        self.projection = projection
        self.layers = nn.ModuleList(nn.ModuleDict({"key": layer.key, "value": layer.value}) for layer in layers)

    def forward(self, features: Float[Tensor, "batch *rest"]) -> Float[Tensor, "batch images dim"]:
        """What the network takes as ``image``."""
        tokens: Tensor = self.projection(features)
        return tokens


def with_image(
    network: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    image: Float[Tensor, "batch images dim"],
    nothing: Float[Tensor, "1 images dim"],
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """A network of x, t and text for classifier-free guidance: the image goes with the text, ``nothing`` without it.

    The network may be a U-Net, or what ``controlled`` makes of one.

    Shapes: image (batch, images, dim), nothing (1, images, dim); what comes back takes twice the batch.
    Errors: ValueError for another batch.
    Source: the released code's generate(), where ``nothing`` are the tokens of features that are all zero.
    """
    both = torch.cat([image, nothing.expand_as(image)])

    def prompted(x: Tensor, t: Tensor, text: Tensor) -> Tensor:
        if len(x) != len(both):
            raise ValueError(f"x must be {len(both)}, one for each image and one for each nothing, got {len(x)}")
        return network(x, t, text, both)

    return prompted
