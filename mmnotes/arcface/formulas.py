"""The numbers of the lab that the page computes, by the package's own functions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from mmnotes.arcface.margins import margin_logits, straight_through_logits
from mmnotes.page.formula import Dragged, Formula

DEGREES = list(range(1, 180))  # to the own row
OTHERS = 528  # rows at a right angle


def angles(*, factors: Mapping[str, float], drops: Mapping[str, float], scales: Mapping[str, float]) -> Formula:
    """Logit, loss and pull at every angle to the own row, for named margins; a feature can be dragged round."""

    def numbers(factor: str, m2: float, drop: str, scale: str, feature: float) -> dict[str, Any]:
        margins = {"m1": factors[factor], "m2": m2, "m3": drops[drop]}
        ways = {"margin": (margin_logits, margins), "released": (straight_through_logits, margins)}
        ways["plain"] = (margin_logits, {})
        places = torch.tensor([*DEGREES, feature], dtype=torch.float64).deg2rad()
        found = {}
        for name, (logits_of, chosen) in ways.items():
            cosine = torch.zeros(len(places), OTHERS + 1, dtype=torch.float64)
            cosine[:, 0] = places.cos()
            label = torch.zeros(len(places), dtype=torch.long)
            logits = logits_of(cosine.requires_grad_(), label, s=scales[scale], **chosen)
            loss = cross_entropy(logits, label, reduction="none")
            slope = torch.autograd.grad(loss.sum(), cosine)[0][:, 0]
            pull = -slope * places.sin() / scales[scale]
            found[name] = {"logit": logits[:, 0].detach() / scales[scale], "loss": loss.detach(), "pull": pull}
        return found

    given = {"factors": factors, "drops": drops, "scales": scales, "degrees": DEGREES, "others": OTHERS}
    return Formula(Path(__file__).with_name("angles.js"), numbers, given, {"feature": Dragged(120.0, 1.0, 179.0)})
