"""Three ways to read one vector out of an image tower's tokens: [CLS], the mean, and attention with the mean as query.

Papers: Radford et al., CLIP (2021), section 2.4 ([CLS] in its transformers, attention pooling in its ResNets);
Dosovitskiy et al., ViT (2021), section 3.1 and appendix D.3 ([CLS] against the mean).

Each takes tokens whose first is [CLS] and whose others are patches, and ends in a linear projection, so that one can
stand in for another.

Differs: the released ResNets hand their attention pooling a grid of features and no [CLS]; here [CLS] is dropped.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.attention import attend, attention_weights


class ClassReadout(nn.Module):
    """W norm(x_cls): the first token, normalised at last, and a projection without bias.

    Shapes: tokens (batch, tokens, dim) -> (batch, features).
    Source: openai/CLIP, clip/model.py, class VisionTransformer: ``self.ln_post(x[:, 0, :]) @ self.proj``.
    """

    def __init__(self, *, dim: int, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.projection = nn.Linear(dim, features, bias=False)

    def forward(self, tokens: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch features"]:
        """The feature, not of unit length."""
        feature: Tensor = self.projection(self.norm(tokens[:, 0]))
        return feature


class MeanReadout(nn.Module):
    """W norm(mean of the patches): every patch has one vote.

    Shapes: tokens (batch, tokens, dim) -> (batch, features).
    Source: Dosovitskiy et al. 2021, appendix D.3 (global average pooling).
    """

    def __init__(self, *, dim: int, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.projection = nn.Linear(dim, features, bias=False)

    def forward(self, tokens: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch features"]:
        """The feature, not of unit length."""
        feature: Tensor = self.projection(self.norm(tokens[:, 1:].mean(1)))
        return feature


class AttentionReadout(nn.Module):
    """One attention layer with one query: the mean of the patches asks, the mean and the patches answer.

    All of them first receive a position. Only the query's row is computed, and the output layer is the projection.

    Shapes: tokens (batch, tokens, dim) -> (batch, features).
    Errors: ValueError where heads does not divide dim.
    Source: openai/CLIP, clip/model.py, class AttentionPool2d, which it equals on a grid of features.
    """

    def __init__(self, *, dim: int, features: int, patches: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or dim % heads:
            raise ValueError(f"heads must divide dim = {dim}, got {heads}")
        self.heads = heads
        self.position = nn.Parameter(torch.randn(1 + patches, dim) * dim**-0.5)
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.output = nn.Linear(dim, features)

    def forward(self, tokens: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch features"]:
        """One feature a picture, not of unit length."""
        asked, x = self._asked(tokens)
        read = attend(self.query(asked), self.key(x), self.value(x), heads=self.heads)
        feature: Tensor = self.output(read[:, 0])
        return feature

    def weights(self, tokens: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch heads tokens"]:
        """How much the query takes of the mean, which is first, and of each patch."""
        asked, x = self._asked(tokens)
        return attention_weights(self.query(asked), self.key(x), heads=self.heads)[:, :, 0]

    def _asked(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The query, and everything with the mean in place of [CLS]; both with their positions."""
        patches = tokens[:, 1:]
        x = torch.cat([patches.mean(1, keepdim=True), patches], dim=1) + self.position
        return x[:, :1], x
