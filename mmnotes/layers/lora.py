"""LoRA: a frozen linear layer learns a change of low rank, a product of two thin matrices, one of which starts at zero.

Paper: Hu et al., LoRA: low-rank adaptation of large language models (2022).

Differs: linear layers only, and no dropout before the product.
"""

import math
from copy import deepcopy
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.layers.precision import promoted, without_autocast

Network = TypeVar("Network", bound=nn.Module)


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


def with_lora(network: Network, *, rank: int, alpha: float) -> Network:
    """A frozen copy of a network in which every linear layer has a ``LoRA`` around it.

    It starts as the network itself, and only the thin matrices learn. It cannot be
    traced: it makes a module.

    Errors: ValueError for a network that has no linear layer inside, and as ``LoRA``.
    """
    copied = deepcopy(network).requires_grad_(False)
    places = [
        (owner, name)
        for owner in copied.modules()
        for name, child in owner.named_children()
        if isinstance(child, nn.Linear)
    ]
    if not places:
        kind = type(network).__name__
        raise ValueError(f"network must have linear layers inside, got {kind} without")
    for owner, name in places:
        linear = getattr(owner, name)
        setattr(owner, name, LoRA(linear, rank=rank, alpha=alpha))
    return copied


def lora_state(network: nn.Module) -> dict[str, Tensor]:
    """The thin matrices of a network that ``with_lora`` made, by their names in its state
    dict: all that was learned, for ``load_state_dict(..., strict=False)``.

    Only names are looked at: there is nothing to trace.

    Errors: ValueError for a network without ``LoRA``.
    """
    names = {
        f"{place}.{part}"
        for place, module in network.named_modules()
        if isinstance(module, LoRA)
        for part in ("down", "up")
    }
    if not names:
        kind = type(network).__name__
        raise ValueError(f"network must hold a LoRA, got {kind} without")
    return {name: each for name, each in network.state_dict().items() if name in names}
