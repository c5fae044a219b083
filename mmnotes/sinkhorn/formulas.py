"""The numbers of the lab that the page computes, by the package's own function."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmnotes.page.formula import Dragged, Formula
from mmnotes.sinkhorn.scaling import sinkhorn


def balance(scores: Tensor, rows: Tensor, columns: Tensor) -> Formula:
    """Half-rounds on the kernel of a small matrix of scores, each between 0 and 1, which can be dragged."""

    def numbers(steps: int, tau: float, scores: list[list[float]]) -> dict[str, Any]:
        wishes = torch.tensor(scores, dtype=torch.float64) / tau
        kernel = rows.sum() * wishes.flatten().softmax(0).reshape(wishes.shape)
        plan = sinkhorn(kernel, rows, columns, steps=steps // 2) if steps > 1 else kernel
        if steps % 2:
            plan = plan * (rows / plan.sum(1))[:, None]
        return {"plan": plan, "factors": plan / kernel}

    dragged = {"scores": Dragged(scores, 0.0, 1.0)}
    return Formula(Path(__file__).with_name("balance.js"), numbers, {"rows": rows, "columns": columns}, dragged)
