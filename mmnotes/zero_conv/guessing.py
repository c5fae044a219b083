"""The exercise that builds guess mode: a network to guide, the solution, and what goes wrong on the way."""

from typing import Any

import torch
from torch import Tensor


class SteeredNetwork:
    """What guidance is built from: a text, and a hint whose residuals have weights, or none."""

    def __init__(self, turn: float) -> None:
        self.turn = turn

    def __call__(self, x: Tensor, text: Tensor, hint: Tensor | None, weights: list[float]) -> Tensor:
        residual = (
            torch.zeros(()) if hint is None else sum(w * torch.sin(hint * (i + 1)) for i, w in enumerate(weights))
        )
        return torch.tanh(x * text + self.turn) + residual * (1 + text)

    def __repr__(self) -> str:
        return "a network of x, text, hint, weights"


def _guess(
    network: SteeredNetwork, x: Tensor, text: Tensor, nothing: Tensor, hint: Tensor, strength: float, rows: list[int]
) -> Tensor:
    weights = [min(rows) / each for each in rows]
    unconditional = network(x, nothing, None, weights)
    return unconditional + strength * (network(x, text, hint, weights) - unconditional)


def _guess_mistakes(
    network: SteeredNetwork, x: Tensor, text: Tensor, nothing: Tensor, hint: Tensor, strength: float, rows: list[int]
) -> dict[str, Any]:
    def by(weights: list[float], *, both: bool = False, extra: float = 0.0) -> Tensor:
        conditional = network(x, text, hint, weights)
        unconditional = network(x, nothing, hint if both else None, weights)
        return unconditional + (strength + extra) * (conditional - unconditional)

    low, high = min(rows), max(rows)
    weights = [low / each for each in rows]
    return {
        "The hint steers both halves here: then guidance exaggerates the text alone.": by(weights, both=True),
        "The weights are missing.": by([1.0] * len(rows)),
        "The weights are missing, and both halves are steered.": by([1.0] * len(rows), both=True),
        "These weights are 1 on the finest grid; here the coarsest has 1.": by([high / each for each in rows]),
        "A coarse grid weighs more, not less.": by([each / high for each in rows]),
        "The weight falls with the height of the grid, not with its area.": by([(low / each) ** 2 for each in rows]),
        "Strength 1 is the conditional velocity: start from the unconditional one.": by(weights, extra=1.0),
        "That is the conditional half alone.": network(x, text, hint, weights),
        "The steered half is the one with the text.": network(x, text, None, weights)
        + (strength - 1) * (network(x, text, None, weights) - network(x, nothing, hint, weights)),
    }
