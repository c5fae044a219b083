"""What is kept of the tokens so far, so that a new one runs alone."""

import torch
from torch import Tensor


class Cache:
    """Keys and values of the tokens so far, layer by layer.

    Keys are kept as they were turned: their positions never change again.

    Shapes: keys and values (batch, key heads, tokens, d) of each layer, none at first.
    Source: transformers' DynamicCache.
    Differs: it grows by copying, and forgets nothing.
    """

    def __init__(self) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def extended_(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of a layer, the new ones at the end; they are kept."""
        if layer == len(self.keys):
            self.keys.append(key)
            self.values.append(value)
        else:
            self.keys[layer] = torch.cat([self.keys[layer], key], dim=2)
            self.values[layer] = torch.cat([self.values[layer], value], dim=2)
        return self.keys[layer], self.values[layer]

    def __len__(self) -> int:
        """How many tokens are kept."""
        return self.keys[0].shape[2] if self.keys else 0
