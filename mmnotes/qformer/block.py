"""One layer of the Q-Former: self-attention that queries and text share, an image that queries alone read, and a
feed-forward for each.

Paper: Li et al., BLIP-2 (2023), section 3.1, on the post-norm layer of BERT (Devlin et al. 2019).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import gelu

from mmnotes.layers.attention import Attention

NORM_EPS = 1e-12  # BERT's


class FeedForward(nn.Module):
    """LN(x + W₂ gelu(W₁ x)), with the exact gelu.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim).
    Source: Devlin et al. 2019; ``BertIntermediate`` and ``BertOutput`` of transformers.
    """

    def __init__(self, *, dim: int, hidden: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)

    def forward(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """Each token by itself; the norm comes after the sum."""
        normed: Tensor = self.norm(x + self.down(gelu(self.up(x))))
        return normed


class Block(nn.Module):
    """x ← LN(x + MHA(x, x; M)); q ← LN(q + MHA(q, I)) where ``image_dim`` is given;
    then a feed-forward each.

    The norms come after the sums. Without an image nothing is read from one: then there
    are no queries, only text.

    Shapes: queries (batch, queries, dim), text (batch, tokens, dim), image (batch,
    patches, image_dim) -> queries and text as they came.
    Errors: ValueError where heads does not divide dim.
    Source: Li et al. 2023, section 3.1; ``Blip2QFormerLayer`` of transformers.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int, image_dim: int | None) -> None:
        super().__init__()
        self.attention = Attention(dim=dim, heads=heads, context_dim=dim)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        if image_dim is not None:
            self.cross: Attention | None = Attention(dim=dim, heads=heads, context_dim=image_dim)
            self.cross_norm = nn.LayerNorm(dim, eps=NORM_EPS)
        else:
            self.cross = None
        self.query_feed = FeedForward(dim=dim, hidden=hidden)
        self.text_feed = FeedForward(dim=dim, hidden=hidden)

    def forward(
        self,
        queries: Float[Tensor, "batch queries dim"],
        text: Float[Tensor, "batch tokens dim"],
        image: Float[Tensor, "batch patches image_dim"] | None,
        mask: Bool[Tensor, "batch length length"] | None,
    ) -> tuple[Float[Tensor, "batch queries dim"], Float[Tensor, "batch tokens dim"]]:
        """Queries and text after this layer; ``mask`` is over queries, then text."""
        x = torch.cat([queries, text], dim=1)
        x = self.norm(x + self.attention(x, x, mask))
        queries, text = x.split([queries.shape[1], text.shape[1]], dim=1)
        if self.cross is not None and image is not None:
            queries = self.cross_norm(queries + self.cross(queries, image))
        return self.query_feed(queries), self.text_feed(text)
