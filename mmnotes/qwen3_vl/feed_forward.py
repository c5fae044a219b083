"""The second half of a decoder layer: one gated network, or many of which a router chooses a few for each token.

Papers: Shazeer, GLU variants improve transformer (2020); Shazeer et al., Outrageously large neural networks (2017);
Yang et al., Qwen3 technical report (2025), section 2, for the experts without a shared one.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import linear, silu


class SwiGLU(nn.Module):
    """down(silu(gate(x)) · up(x)), without biases.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim).
    Source: Shazeer 2020, equation 6; transformers' Qwen3VLTextMLP.
    """

    def __init__(self, *, dim: int, hidden: int) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(dim, hidden, bias=False), nn.Linear(dim, hidden, bias=False)
        self.down = nn.Linear(hidden, dim, bias=False)

    def forward(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """What the layer adds to x."""
        added: Tensor = self.down(silu(self.gate(x)) * self.up(x))
        return added


class Experts(nn.Module):
    """The weighted sum of the ``top`` experts that a router finds likeliest for a token; each is a SwiGLU.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim).
    Errors: ValueError unless 1 <= top <= experts.
    Source: transformers' Qwen3VLMoeTextSparseMoeBlock.
    Differs: no loss that balances the experts.
    """

    def __init__(self, *, dim: int, hidden: int, experts: int, top: int) -> None:
        super().__init__()
        if not 1 <= top <= experts:
            raise ValueError(f"top must be from 1 to experts = {experts}, got {top}")
        self.top = top
        self.router = nn.Linear(dim, experts, bias=False)
        self.gate_up = nn.Parameter(torch.randn(experts, 2 * hidden, dim) * dim**-0.5)
        self.down = nn.Parameter(torch.randn(experts, dim, hidden) * hidden**-0.5)

    def forward(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """What the layer adds to x; only experts that some token has chosen compute."""
        tokens = x.flatten(0, 1)
        weights, chosen = routed(self.router(tokens), top=self.top)
        added = torch.zeros_like(tokens)
        for expert in chosen.unique().tolist():
            token, place = (chosen == expert).nonzero(as_tuple=True)
            gate, up = linear(tokens[token], self.gate_up[expert]).chunk(2, dim=-1)
            made = linear(silu(gate) * up, self.down[expert])
            added = added.index_add(0, token, weights[token, place, None] * made)
        return added.view_as(x)


def routed(
    logits: Float[Tensor, "tokens experts"], *, top: int
) -> tuple[Float[Tensor, "tokens top"], Int[Tensor, "tokens top"]]:
    """The experts of each token, and their weights: the largest probabilities, divided by their sum.

    Shapes: logits (tokens, experts) -> weights and numbers of experts, both (tokens, top).
    Errors: ValueError unless 1 <= top <= experts.
    Source: transformers' Qwen3VLMoeTextTopKRouter.
    """
    if not 1 <= top <= logits.shape[1]:
        raise ValueError(f"top must be from 1 to experts = {logits.shape[1]}, got {top}")
    probability, chosen = logits.float().softmax(-1).topk(top)
    return (probability / probability.sum(-1, keepdim=True)).to(logits.dtype), chosen
