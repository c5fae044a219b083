"""Multi-head attention: every row of one sequence reads from the columns of another, or of itself.

Paper: Vaswani et al., Attention is all you need (2017), section 3.2.

Differs: no dropout, and no cache of earlier keys and values; the masks of a chapter say who may read whom.
"""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from mmnotes.layers.checks import transformed


class Attention(nn.Module):
    """softmax(Q Kᵀ / √d) V over ``heads`` slices of width d, with Q from x, and K and V from a context.

    Self-attention passes x as its own context; then ``context_dim`` is ``dim``.

    Shapes: x (batch, tokens, dim), context (batch, context, context_dim) -> (batch, tokens, dim).
    Errors: ValueError where heads does not divide dim.
    Source: Vaswani et al. 2017, equation 1 and section 3.2.2.
    """

    def __init__(self, *, dim: int, heads: int, context_dim: int) -> None:
        super().__init__()
        if heads < 1 or dim % heads:
            raise ValueError(f"heads must divide dim = {dim}, got {heads}")
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(context_dim, dim)
        self.value = nn.Linear(context_dim, dim)
        self.output = nn.Linear(dim, dim)

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        context: Float[Tensor, "batch context context_dim"],
        mask: Bool[Tensor, "#batch #tokens context"] | None = None,
    ) -> Float[Tensor, "batch tokens dim"]:
        """What each token reads; ``mask`` is True where a token may attend, and without one it may everywhere.

        A row that may attend nowhere has no defined result, as a softmax over nothing has none.
        """
        read = attend(self.query(x), self.key(context), self.value(context), mask, heads=self.heads)
        output: Tensor = self.output(read)
        return output

    def weights(
        self,
        x: Float[Tensor, "batch tokens dim"],
        context: Float[Tensor, "batch context context_dim"],
        mask: Bool[Tensor, "#batch #tokens context"] | None = None,
    ) -> Float[Tensor, "batch heads tokens context"]:
        """The softmax that ``forward`` multiplies the values with; rows sum to one."""
        return attention_weights(self.query(x), self.key(context), mask, heads=self.heads)


def attend(
    query: Float[Tensor, "batch tokens dim"],
    key: Float[Tensor, "batch context dim"],
    value: Float[Tensor, "batch context dim"],
    mask: Bool[Tensor, "#batch #tokens context"] | None = None,
    *,
    heads: int,
) -> Float[Tensor, "batch tokens dim"]:
    """softmax(Q Kᵀ / √d) V of queries, keys and values that are projected already, the heads side by side again.

    Under a transform of ``torch.func`` in two products, since PyTorch's fused attention has no forward-mode slope.

    Shapes: query (batch, tokens, dim), key and value (batch, context, dim) -> (batch, tokens, dim).
    Source: Vaswani et al. 2017, equation 1.
    """
    if transformed(query, key, value):
        read = attention_weights(query, key, mask, heads=heads) @ split_heads(value, heads=heads)
        return rearrange(read, "batch heads tokens d -> batch tokens (heads d)")
    allowed = None if mask is None else mask[:, None]
    read = scaled_dot_product_attention(
        split_heads(query, heads=heads), split_heads(key, heads=heads), split_heads(value, heads=heads), allowed
    )
    return rearrange(read, "batch heads tokens d -> batch tokens (heads d)")


def attention_weights(
    query: Float[Tensor, "batch tokens dim"],
    key: Float[Tensor, "batch context dim"],
    mask: Bool[Tensor, "#batch #tokens context"] | None = None,
    *,
    heads: int,
) -> Float[Tensor, "batch heads tokens context"]:
    """softmax(Q Kᵀ / √d), which ``attend`` multiplies the values with; rows sum to one.

    Shapes: query (batch, tokens, dim), key (batch, context, dim) -> (batch, heads, tokens, context).
    Source: Vaswani et al. 2017, equation 1.
    """
    query, key = split_heads(query, heads=heads), split_heads(key, heads=heads)
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None], float("-inf"))
    weights: Tensor = scores.softmax(-1)
    return weights


def split_heads(x: Float[Tensor, "batch tokens dim"], *, heads: int) -> Float[Tensor, "batch heads tokens d"]:
    """Each token's vector cut into ``heads`` slices.

    Shapes: x (batch, tokens, dim) -> (batch, heads, tokens, dim / heads).
    """
    return rearrange(x, "batch tokens (heads d) -> batch heads tokens d", heads=heads)


def causal_mask(*, num_tokens: int, device: torch.device) -> Bool[Tensor, "1 tokens tokens"]:
    """True where a token may attend: to itself and to what stands before it.

    Shapes: (1, tokens, tokens).
    Source: openai/CLIP, clip/model.py, build_attention_mask, which adds minus infinity where this is False.
    """
    return torch.ones(1, num_tokens, num_tokens, dtype=torch.bool, device=device).tril()
