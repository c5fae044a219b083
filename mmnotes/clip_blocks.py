"""What both of CLIP's towers are made of: a transformer layer that normalises first, and its activation.

Papers: Radford et al., Language models are unsupervised multitask learners (2019), for the order of the norms;
Hendrycks and Gimpel, Gaussian error linear units (2016), section 2, for the sigmoid form of the activation.

Differs: no dropout, which CLIP's released towers do without too.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from mmnotes.attention import Attention


def quick_gelu(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """x σ(1.702 x), within 0.021 of GELU, which is x Φ(x).

    Shapes: any -> the same.
    Source: openai/CLIP, clip/model.py, class QuickGELU; Hendrycks and Gimpel 2016, section 2.
    """
    return x * (1.702 * x).sigmoid_()  # in place: the product's memory is not needed again, not even by a gradient


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): the residual path is never normalised.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim); mask (1 or batch, tokens, tokens), True where a row may
    attend to a column.
    Errors: ValueError where heads does not divide dim.
    Source: openai/CLIP, clip/model.py, class ResidualAttentionBlock; hidden is 4 dim in all released models.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = Attention(dim=dim, heads=heads, context_dim=dim)
        self.mlp_norm = nn.LayerNorm(dim)
        self.expand = nn.Linear(dim, hidden)
        self.contract = nn.Linear(hidden, dim)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Both steps, attention first."""
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed, mask)
        after: Tensor = x + self.contract(quick_gelu(self.expand(self.mlp_norm(x))))
        return after

    def attention_weights(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch heads tokens tokens"]:
        """Who attends to whom in this layer; x is what ``forward`` is given."""
        normed = self.attention_norm(x)
        return self.attention.weights(normed, normed, mask)


def causal_mask(*, tokens: int, device: torch.device) -> Bool[Tensor, "1 tokens tokens"]:
    """True where a token may attend: to itself and to what stands before it.

    Shapes: (1, tokens, tokens).
    Source: openai/CLIP, clip/model.py, build_attention_mask, which adds minus infinity where this is False.
    """
    return torch.ones(1, tokens, tokens, dtype=torch.bool, device=device).tril()
