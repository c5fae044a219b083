"""LoRA: a frozen linear layer learns a change of low rank, a product of two thin matrices, one of which starts at zero.

Paper: Hu et al., LoRA: low-rank adaptation of large language models (2022).

Differs: linear layers only, and no dropout before the product.
"""

import math
from copy import deepcopy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.precision import promoted, without_autocast


class LoRA(nn.Module):
    """W x + b + (alpha / rank) B A x, with W and b frozen, A random and B zero at the
    start; both have dtype and device of W.

    Shapes: x (*rest, in_features) -> (*rest, out_features); A (rank, in_features),
    B (out_features, rank).
    Units: alpha is the scale that the product has at rank 1.
    Errors: ValueError for a rank that is not positive or larger than W allows.
    Source: Hu et al. 2022, section 4.1; A's start as in microsoft/LoRA,
    loralib/layers.py.
    """

    def __init__(self, linear: nn.Linear, *, rank: int, alpha: float) -> None:
        super().__init__()
        most = min(linear.in_features, linear.out_features)
        if not 1 <= rank <= most:
            raise ValueError(f"rank must be from 1 to {most}, got {rank}")
        self.linear, self.scale = deepcopy(linear).requires_grad_(False), alpha / rank
        self.down = nn.Parameter(linear.weight.new_empty(rank, linear.in_features))
        self.up = nn.Parameter(linear.weight.new_zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(
        self,
        x: Float[Tensor, "*rest in_features"],
    ) -> Float[Tensor, "*rest out_features"]:
        """What the frozen layer gives, and the change."""
        output: Tensor = self.linear(x) + self.scale * (x @ self.down.mT @ self.up.mT)
        return output

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One linear layer that does the same, at the cost of the original.

        It cannot be traced: it makes a module. The sum is rounded once.
        """
        linear = deepcopy(self.linear)
        weight, up, down = promoted(linear.weight, self.up, self.down)
        with without_autocast(up.device):
            linear.weight.copy_(weight + self.scale * up @ down)
        return linear
