"""The Perceiver resampler: a fixed number of learned queries read any number of feature vectors, layer by layer.

Papers: Alayrac et al., Flamingo: a visual language model for few-shot learning (2022), section 3.1; Ye et al.,
IP-Adapter (2023), whose "plus" models use it.

Differs: no positions are added to the features, as in the released models, and no queries are made from their mean.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu

from mmnotes.layers.attention import attend


class ResamplerBlock(nn.Module):
    """q <- q + attention(LN q; [LN x; LN q]), then q <- q + a feed-forward of q.

    The queries read the features *and each other* in the same softmax.

    Shapes: queries (batch, queries, dim), x (batch, patches, dim) -> (batch, queries, dim).
    Errors: ValueError for heads, head_dim or expansion < 1.
    Source: Alayrac et al. 2022, figure 5; ``PerceiverAttention`` and ``FeedForward`` of the authors' resampler.py.
    """

    def __init__(self, *, dim: int, heads: int, head_dim: int, expansion: int) -> None:
        super().__init__()
        for name, size in (("heads", heads), ("head_dim", head_dim), ("expansion", expansion)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        self.heads = heads
        self.norm_image, self.norm_queries, self.norm_mlp = (nn.LayerNorm(dim) for _ in range(3))
        self.query = nn.Linear(dim, heads * head_dim, bias=False)
        self.key_value = nn.Linear(dim, 2 * heads * head_dim, bias=False)
        self.output = nn.Linear(heads * head_dim, dim, bias=False)
        self.up, self.down = (
            nn.Linear(dim, expansion * dim, bias=False),
            nn.Linear(expansion * dim, dim, bias=False),
        )

    def forward(
        self,
        queries: Float[Tensor, "batch queries dim"],
        x: Float[Tensor, "batch patches dim"],
    ) -> Float[Tensor, "batch queries dim"]:
        """The queries after one round of reading."""
        normed = self.norm_queries(queries)
        read_from = torch.cat([self.norm_image(x), normed], dim=1)
        key, value = self.key_value(read_from).chunk(2, dim=-1)
        read = attend(self.query(normed), key, value, heads=self.heads)
        queries = queries + self.output(read)
        output: Tensor = queries + self.down(gelu(self.up(self.norm_mlp(queries))))
        return output


class Resampler(nn.Module):
    """``queries`` learned vectors go through the blocks; every block reads the same projected features.

    Shapes: features (batch, patches, image_dim) -> (batch, queries, out).
    Errors: ValueError for queries or depth < 1, and for features without patches.
    Source: Ye et al. 2023's released code has dim 768, heads 12 of 64, depth 4, expansion 4 and 16 queries for Stable
    Diffusion 1.5; agrees with ``IPAdapterPlusImageProjection`` of diffusers 0.42.1.
    """

    def __init__(
        self,
        *,
        image_dim: int,
        dim: int,
        heads: int,
        head_dim: int,
        depth: int,
        queries: int,
        out: int,
        expansion: int = 4,
    ) -> None:
        super().__init__()
        for name, size in (("queries", queries), ("depth", depth)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        self.queries = nn.Parameter(torch.randn(1, queries, dim) / dim**0.5)
        self.enter, self.leave, self.norm = nn.Linear(image_dim, dim), nn.Linear(dim, out), nn.LayerNorm(out)
        self.blocks = nn.ModuleList(
            ResamplerBlock(dim=dim, heads=heads, head_dim=head_dim, expansion=expansion) for _ in range(depth)
        )

    def forward(self, features: Float[Tensor, "batch patches image_dim"]) -> Float[Tensor, "batch queries out"]:
        """As many tokens as there are queries, whatever the number of patches."""
        if not features.shape[1]:
            raise ValueError("features must have at least one patch, got 0")
        x, queries = self.enter(features), self.queries.expand(len(features), -1, -1)
        for block in self.blocks:
            queries = block(queries, x)
        tokens: Tensor = self.norm(self.leave(queries))
        return tokens
