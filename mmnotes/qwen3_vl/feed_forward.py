"""The second half of a decoder layer: one gated network, or many of which a router chooses a few for each token.

Papers: Shazeer, GLU variants improve transformer (2020); Shazeer et al., Outrageously large neural networks (2017);
Yang et al., Qwen3 technical report (2025), section 2, for the experts without a shared one.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from mmnotes.layers.checks import values_known
from mmnotes.layers.gated import SwiGLU as SwiGLU


class Experts(nn.Module):
    """The weighted sum of the ``top`` experts that a router finds likeliest for a token.

    Each is a SwiGLU; ``gate_up`` holds the gates of one above its up-projections. Which
    experts compute depends on the values of x. While those are not known, as under
    ``torch.compile``, all of them do, most for a weight of 0.

    Shapes: x (batch, tokens, dim) -> (batch, tokens, dim).
    Errors: ValueError unless 1 <= top <= experts.
    Source: Shazeer et al. 2017, equations 1 to 5, without noise; transformers'
    Qwen3VLMoeTextSparseMoeBlock.
    Differs: no loss that balances the experts.
    """

    def __init__(self, *, dim: int, hidden: int, experts: int, top: int) -> None:
        super().__init__()
        _check_top(top, experts)
        self.top = top
        self.router = nn.Linear(dim, experts, bias=False)
        gate_up, down = torch.empty(experts, 2 * hidden, dim), torch.empty(experts, dim, hidden)
        self.gate_up = nn.Parameter(nn.init.normal_(gate_up, std=dim**-0.5))
        self.down = nn.Parameter(nn.init.normal_(down, std=hidden**-0.5))

    def forward(self, x: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        """What the layer adds to x; only experts that some token has chosen compute."""
        tokens = x.flatten(0, 1)
        weights, chosen = routed(self.router(tokens), top=self.top)
        if not values_known(chosen):
            return self._by_all(tokens, weights, chosen).view_as(x)
        added = torch.zeros_like(tokens)
        for expert in chosen.unique().tolist():
            token, place = (chosen == expert).nonzero(as_tuple=True)
            gate, up = linear(tokens[token], self.gate_up[expert]).chunk(2, dim=-1)
            made = linear(silu(gate) * up, self.down[expert])
            added = added.index_add(0, token, weights[token, place, None] * made)
        return added.view_as(x)

    def _by_all(self, tokens: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        gate, up = torch.einsum("td, ehd -> eth", tokens, self.gate_up).chunk(2, dim=-1)
        made = torch.einsum("eth, edh -> ted", silu(gate) * up, self.down)
        each = torch.zeros_like(made[..., 0]).scatter(1, chosen, weights)
        return torch.einsum("te, ted -> td", each, made)


def routed(
    logits: Float[Tensor, "tokens experts"], *, top: int
) -> tuple[Float[Tensor, "tokens top"], Int[Tensor, "tokens top"]]:
    """The experts of each token and their weights: the largest probabilities over their sum.

    That is the softmax over the chosen logits alone: the others are in no weight.

    >>> weights, chosen = routed(torch.tensor([[0.0, 2.0, 1.0, 1.0]]), top=2)
    >>> weights, chosen[:, :1]
    (tensor([[0.7311, 0.2689]]), tensor([[1]]))

    Shapes: logits (tokens, experts) -> weights and numbers of experts, both (tokens, top).
    Errors: ValueError unless 1 <= top <= experts.
    Source: Qwen3 technical report, section 2; transformers' Qwen3VLMoeTextTopKRouter.
    """
    _check_top(top, logits.shape[1])
    dtype = torch.promote_types(logits.dtype, torch.float32)
    probability, chosen = logits.to(dtype).softmax(-1).topk(top)
    return (probability / probability.sum(-1, keepdim=True)).to(logits.dtype), chosen


def _check_top(top: int, experts: int) -> None:
    if not 1 <= top <= experts:
        raise ValueError(f"top must be from 1 to experts = {experts}, got {top}")
