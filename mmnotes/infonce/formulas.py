"""The numbers of the lab that the page computes, by the package's own function."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmnotes.infonce.loss import info_nce
from mmnotes.page.formula import Dragged, Formula
from mmnotes.page.frames import side_by_side


def game(cosines: Mapping[str, Mapping[str, Tensor]], captions: Mapping[str, Sequence[str]], looks: Tensor) -> Formula:
    """Guesses of a batch at a temperature: cosines by the names of maps and batch, each of which can be dragged.

    ``looks`` are the drawings (count, 3, 32, 32), batch after batch.
    """

    def numbers(temperature: float, maps: str, batch: str, moved: list[list[float]]) -> dict[str, Any]:
        s = (cosines[maps][batch].double() + torch.tensor(moved, dtype=torch.float64)).clamp(-1, 1)
        odds = (s / temperature).softmax(1)
        paid = (s / temperature).logsumexp(1) - s.diagonal() / temperature
        return {"s": s, "odds": odds, "paid": paid, "both": info_nce(s, scale=1 / temperature)}

    size = len(next(iter(captions.values())))
    given = {"cosines": cosines, "captions": captions}
    dragged = {"moved": Dragged(torch.zeros(size, size), -2.0, 2.0)}
    return Formula(Path(__file__).with_name("game.js"), numbers, given, dragged, {"looks.png": side_by_side(looks)})
