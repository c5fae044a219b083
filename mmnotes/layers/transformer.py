"""A transformer layer that normalises first, as in GPT-2, CLIP and ViT.

Paper: Radford et al., Language models are unsupervised multitask learners (2019), section 2.3, for the order of the
norms.

Differs: no dropout, which CLIP's released towers do without too.
"""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from mmnotes.layers.attention import Attention


class PreNormBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): the residual path is never normalised.

    The MLP is W_down activation(W_up x). The activation is a function: GELU in GPT-2 and ViT, QuickGELU in CLIP.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim); mask (1 or batch, tokens, tokens), True where a row may
    attend to a column.
    Errors: ValueError where heads does not divide dim.
    Source: openai/CLIP, clip/model.py, class ResidualAttentionBlock; hidden is 4 dim in all released models.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = Attention(dim=dim, heads=heads, context_dim=dim)
        self.mlp_norm = nn.LayerNorm(dim)
        self.up, self.down = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.activation = activation

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Both steps, attention first."""
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed, mask)
        after: Tensor = x + self.down(self.activation(self.up(self.mlp_norm(x))))
        return after

    def attention_weights(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch heads tokens tokens"]:
        """Who attends to whom in this layer; x is what ``forward`` is given."""
        normed = self.attention_norm(x)
        return self.attention.weights(normed, normed, mask)
