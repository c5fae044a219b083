"""A transformer layer whose two branches are scaled, channel by channel, before they are added.

Paper: Touvron et al., Going deeper with image transformers (2021), section 2, LayerScale.

Differs: no dropout and no stochastic depth.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import gelu

from mmnotes.layers.attention import Attention

EPSILON = 1e-6  # of the norms in every released ViT


class ScaledBlock(nn.Module):
    """x + γ₁ attention(norm(x)), then x + γ₂ mlp(norm(x)), with a learned scale γ for each channel.

    A small γ starts the layer near the identity; DINOv2 starts at 1e-5, and a scale of 1 is a plain layer.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim); mask (1 or batch, tokens, tokens), True where a row may
    attend to a column.
    Errors: ValueError where heads does not divide dim.
    Source: Touvron et al. 2021, equation 4; transformers' ``Dinov2Layer``.
    """

    def __init__(self, *, dim: int, heads: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.attention = Attention(dim=dim, heads=heads, context_dim=dim)
        self.attention_scale = nn.Parameter(torch.full((dim,), scale))
        self.mlp_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.up, self.down = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.mlp_scale = nn.Parameter(torch.full((dim,), scale))

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Both steps, attention first."""
        x = x + self.attention_branch(x, mask)
        return x + self.mlp_branch(x)

    def attention_branch(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """What the first step adds to x."""
        normed = self.attention_norm(x)
        added: Tensor = self.attention_scale * self.attention(normed, normed, mask)
        return added

    def mlp_branch(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """What the second step adds to x, as it is after the first."""
        added: Tensor = self.mlp_scale * self.down(gelu(self.up(self.mlp_norm(x))))
        return added

    def attention_weights(
        self, x: Float[Tensor, "batch tokens dim"], mask: Bool[Tensor, "#batch tokens tokens"] | None = None
    ) -> Float[Tensor, "batch heads tokens tokens"]:
        """Who attends to whom in this layer; x is what ``forward`` is given."""
        normed = self.attention_norm(x)
        return self.attention.weights(normed, normed, mask)
