"""The numbers of the chapter's labs that the page computes, by the package's own functions."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmnotes.layers.rotation import frequency_ladder, rotate_halves
from mmnotes.page.formula import Dragged, Formula
from mmnotes.rope.encoding import angles, position_kernel

SHOWN = [0, 2, 4, 6]  # planes whose hands are drawn
PLACES = torch.arange(21)  # of the query
BANDS, IN_BAND = 100, 16  # along six powers of ten
TOLD = [1, 100, 1000, 10_000]  # distances that the words name


def hands(q: Tensor, k: Tensor, to_q: Tensor, to_k: Tensor, ladder: Tensor) -> Formula:
    """Two tokens turned or added to their positions; the query's hands can be dragged round."""

    def numbers(p: int, distance: int, query: list[float]) -> dict[str, Any]:
        by = torch.zeros(len(ladder)).double()
        by[SHOWN] = torch.tensor(query, dtype=torch.float64)
        asks = _turned(q[None], by[None])[0]
        queries = _turned(asks.expand(21, -1), PLACES[:, None] * ladder)
        keys = _turned(k.expand(21, -1), (PLACES + distance)[:, None] * ladder)
        here, there = _waves(PLACES, ladder), _waves(PLACES + distance, ladder)
        added = ((asks + here @ to_q.T) * (k + there @ to_k.T)).sum(1)
        both = torch.stack([queries[p], keys[p]]).unflatten(1, (2, -1))[:, :, SHOWN]
        return {
            "hands": torch.nn.functional.normalize(both, dim=1).mT,
            "turned": (queries * keys).sum(1),
            "added": added,
        }

    given = {"q": q, "k": k, "to_k": to_k, "both": to_q.T @ to_k, "asked": to_q.T @ k, "ladder": ladder, "shown": SHOWN}
    dragged = {"query": Dragged([0.0] * 4, -math.pi, math.pi)}
    return Formula(Path(__file__).with_name("hands.js"), numbers, given, dragged)


def ladder(*, made_for: dict[str, int]) -> Formula:
    """The kernel of one ladder over the distance, for keys made for a distance, by name."""
    distance = torch.logspace(0, 6, BANDS * IN_BAND, dtype=torch.float64)

    def numbers(base: float, planes: int, key: str) -> dict[str, Any]:
        frequencies = frequency_ladder(planes=planes, base=base, dtype=torch.float64)[:, None]
        bands = position_kernel((distance - made_for[key])[:, None], frequencies).unflatten(0, (BANDS, IN_BAND))
        told = position_kernel(torch.tensor(TOLD)[:, None] - made_for[key], frequencies)
        low, high = bands.aminmax(dim=1)
        waves = 2 * math.pi / frequencies[:, 0]
        return {"low": low, "high": high, "mean": bands.mean(1), "told": told, "wavelengths": waves}

    given = {"made_for": made_for, "bands": BANDS, "in_band": IN_BAND, "told": TOLD}
    return Formula(Path(__file__).with_name("ladder.js"), numbers, given)


def _turned(vectors: Tensor, found: Tensor) -> Tensor:
    return rotate_halves(vectors[None, None], found.cos()[None], found.sin()[None])[0, 0]


def _waves(positions: Tensor, rungs: Tensor) -> Tensor:
    found = angles(positions[:, None], rungs[:, None])
    return torch.cat([found.cos(), found.sin()], dim=-1)
