"""The numbers of the labs that the page computes, by the package's own functions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmnotes.flow.path import mixture_velocity
from mmnotes.flow.samplers import euler, heun
from mmnotes.flow.times import time_grid
from mmnotes.page.formula import Dragged, Formula

SPREAD = 0.15  # of each centre
REACH = 2.9  # half a side of the square that is drawn
OWN = [[-2.2, 1.8], [0.4, 2.3], [2.0, -1.2]]  # starts that a reader drags
CELLS, SAMPLED = 60, 7  # of the density along a side, and every which one is compared
ALONG = 59  # steps to any time
EXACT = 100  # steps of Heun's that stand for the exact field
HERE = Path(__file__).parent


def solver(start: Tensor, centres: Tensor) -> Formula:
    """Few steps through the exact field, from given starts and from three that can be dragged."""
    start, centres = start.double(), centres.double()
    exact = time_grid(steps=EXACT, shift=2.0, dtype=torch.float64)
    ends = heun(_field(centres), start, exact)

    def numbers(solver: str, shift: float, steps: int, own: list[list[float]]) -> dict[str, Any]:
        times = time_grid(steps=steps, shift=shift, dtype=torch.float64)
        all_starts = torch.cat([start, torch.tensor(own, dtype=torch.float64)])
        track = _track(centres, all_starts, times, heun if solver == "Heun" else euler)
        reached = track[-1, : len(start)]
        own_ends = heun(_field(centres), all_starts[len(start) :], exact)
        return {
            "reached": reached,
            "own_track": track[:, len(start) :],
            "own_ends": own_ends,
            "off": (reached - ends).norm(dim=1).mean(),
        }

    given = {"start": start, "centres": centres, "ends": ends, "spread": SPREAD, "reach": REACH, "exact": EXACT}
    return Formula(HERE / "solver.js", numbers, given, {"own": Dragged(OWN, -REACH, REACH)}, first=[HERE / "field.js"])


def time(start: Tensor, shapes: Mapping[str, Tensor]) -> Formula:
    """Points on their way down the exact field, the density there, and a point that can be dragged."""
    start = start.double()

    def numbers(shape: str, gone: float, own: list[list[float]]) -> dict[str, Any]:
        centres = shapes[shape].double()
        times = torch.linspace(1, 1 - gone, ALONG + 1, dtype=torch.float64)
        track = _track(centres, torch.cat([start, torch.tensor(own, dtype=torch.float64)]), times, euler)
        now = track[-1, : len(start)]
        near = (torch.cdist(now, centres).amin(1) < 0.5).double().mean()
        sampled = density(centres, 1 - gone, cells=CELLS)[::SAMPLED, ::SAMPLED]
        return {
            "now": now,
            "own_track": track[:, len(start) :],
            "near": near,
            "size": now.square().sum(1).mean().sqrt(),
            "sampled": sampled,
        }

    given = {"start": start, "shapes": shapes, "spread": SPREAD, "reach": REACH}
    given |= {"cells": CELLS, "every": SAMPLED, "along": ALONG}
    dragged = {"own": Dragged(OWN[:1], -REACH, REACH)}
    return Formula(HERE / "time.js", numbers, given, dragged, first=[HERE / "field.js"])


def density(centres: Tensor, t: float, *, cells: int) -> Tensor:
    """The density p_t, up to a factor, over the square that is drawn; rows go up, and each has so many cells."""
    grid = torch.linspace(-REACH, REACH, cells, dtype=centres.dtype)
    variance = ((1 - t) * SPREAD) ** 2 + t**2
    far = torch.cdist(torch.cartesian_prod(grid, grid).flip(1), (1 - t) * centres).square()
    return (torch.exp(-far / (2 * variance)).mean(1) / variance).reshape(cells, cells)


def _field(centres: Tensor) -> Any:
    return lambda x, t: mixture_velocity(x, t, centres, spread=SPREAD)


def _track(centres: Tensor, start: Tensor, times: Tensor, step: Any) -> Tensor:
    places = [start]
    for now in range(len(times) - 1):
        places.append(step(_field(centres), places[-1], times[now : now + 2]))
    return torch.stack(places)
