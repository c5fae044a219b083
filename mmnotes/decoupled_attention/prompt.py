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

    Shapes: features (batch, image_dim) -> (batch, tokens, dim).
    Source: Ye et al. 2023, section 3.2.1; ``ImageProjModel`` of the released code, with 4 tokens.
    """

    def __init__(self, *, image_dim: int, num_tokens: int, dim: int) -> None:
        super().__init__()
        self.num_tokens = num_tokens
        self.linear, self.norm = nn.Linear(image_dim, num_tokens * dim), nn.LayerNorm(dim)

    def forward(self, features: Float[Tensor, "batch image_dim"]) -> Float[Tensor, "batch images dim"]:
        """The tokens."""
        tokens: Tensor = self.norm(self.linear(features).unflatten(1, (self.num_tokens, -1)))
        return tokens


class ImagePrompt(nn.Module):
    """All that is trained: what turns a picture's features into tokens, and K' and V' of each decoupled layer.

    Shapes: features (batch, image_dim), or whatever ``projection`` takes -> (batch, tokens, dim).
    Source: the released checkpoints hold these two parts, ``image_proj`` and ``ip_adapter``.
    """

    def __init__(self, projection: nn.Module, layers: Iterable[DecoupledAttention]) -> None:
        super().__init__()
        self.projection = projection
        self.layers = nn.ModuleList(nn.ModuleDict({"key": layer.key, "value": layer.value}) for layer in layers)

    def forward(self, features: Float[Tensor, "batch *rest"]) -> Float[Tensor, "batch images dim"]:
        """The tokens of a picture."""
        tokens: Tensor = self.projection(features)
        return tokens


def with_image(
    network: Callable[..., Tensor], image: Float[Tensor, "batch images dim"], nothing: Float[Tensor, "1 images dim"]
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """A network of x, t and text for classifier-free guidance: the image goes with the text, ``nothing`` without it.

    Shapes: image (batch, images, dim), nothing (1, images, dim); what comes back takes twice the batch.
    Source: the released code's generate(), where ``nothing`` are the tokens of features that are all zero.
    """
    both = torch.cat([image, nothing.expand_as(image)])
    return lambda x, t, text: network(x, t, text, both)
