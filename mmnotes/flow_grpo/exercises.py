"""Exercises of the chapter on Flow-GRPO."""

import math
from typing import Any

import torch
from torch import Tensor

from mmnotes.flow_grpo.sde import sde_mean
from mmnotes.flow_grpo.weighing import _combined, _combined_mistakes, _objective, _objective_mistakes
from mmnotes.page.exercises import Exercise

_X = torch.cos(torch.arange(15.0, dtype=torch.float64).reshape(3, 5) ** 1.3)
_V = torch.sin(torch.arange(15.0, dtype=torch.float64).reshape(3, 5) ** 1.2) + 0.3
_NOISE = torch.cos(torch.arange(15.0, dtype=torch.float64).reshape(3, 5) ** 1.7)


def _step(x: Tensor, u: Tensor, noise: Tensor, now: float, then: float, sigma: float) -> Tensor:
    times = [torch.tensor(each, dtype=x.dtype) for each in (now, then, sigma)]
    return sde_mean(x, -u, times[0], times[1], sigma=times[2]) + sigma * math.sqrt(now - then) * noise


def _step_mistakes(x: Tensor, u: Tensor, noise: Tensor, now: float, then: float, sigma: float) -> dict[str, Any]:
    right, spread = _step(x, u, noise, now, then, sigma), sigma * math.sqrt(now - then)
    mean, dt = right - spread * noise, now - then
    correction = sigma**2 / (2 * now) * (x - (1 - now) * u)
    return {
        "The network predicts data - noise here, and the step goes along it.": _step(x, -u, noise, now, then, sigma),
        "The correction must pull against the score's direction of the noise: its sign is turned.": right
        + 2 * dt * correction,
        "The correction is missing: with noise alone the samples spread.": right + dt * correction,
        "The noise is multiplied by the root of the step, not by the step.": mean + sigma * dt * noise,
        "In the correction the noise is x - (1 - t) u when u points to the data.": right
        - dt * sigma**2 / (2 * now) * 2 * (1 - now) * u,
    }


def _factor(a: float, now: float, dt: float) -> float:
    return (1 + a * a / 2) / a * math.sqrt(dt * (1 - now) / now)


def _factor_mistakes(a: float, now: float, dt: float) -> dict[str, Any]:
    sigma = a * math.sqrt(now / (1 - now))
    return {
        "That is the factor without the correction, whose mean depends on v as well.": math.sqrt(dt) / sigma,
        "The noise of a step has the deviation sigma √Δt; one root of Δt is left.": _factor(a, now, dt) * math.sqrt(dt),
        "t and 1 - t have changed places.": _factor(a, 1 - now, dt),
        "At a = 1 it is 3/2, and for other a it is not.": 1.5 * math.sqrt(dt * (1 - now) / now),
    }


def _drift(v: Tensor, reference: Tensor, a: float, now: float, dt: float) -> Tensor:
    return _factor(a, now, dt) ** 2 * (v - reference)


def _drift_mistakes(v: Tensor, reference: Tensor, a: float, now: float, dt: float) -> dict[str, Any]:
    scale = _factor(a, now, dt)
    return {
        "The factor is the square of the score's: both means are divided by the deviation.": scale * (v - reference),
        "That is the divergence's half; a square has twice itself as its slope.": scale**2 / 2 * (v - reference),
        "The gradient pulls v back to the reference when it is descended: its sign is turned.": scale**2
        * (reference - v),
        "The released code leaves Δt out of the variance: this is its gradient.": scale**2 * dt * (v - reference),
    }


_REWARDS = torch.stack([torch.tensor([[1.0, 2, 4], [1, 0, 3]]), torch.tensor([[70.0, 90, 20], [55, 50, 60]])])
_LOGS = torch.tensor([0.3, -0.5, 0.1, -0.02, 0.6])
_WORTH = torch.tensor([1.0, -2.0, -0.5, 0.7, -1.5])
EXERCISES = {
    "flow_grpo-1": Exercise(
        solution=_step,
        mistakes=_step_mistakes,
        inputs=((_X, _V, _NOISE, 0.7, 0.6, 0.9), (_V, _NOISE, _X, 0.4, 0.35, 1.4)),
    ),
    "flow_grpo-2": Exercise(
        solution=_factor, mistakes=_factor_mistakes, inputs=((0.7, 0.6, 0.1), (1.2, 0.3, 0.05)), tolerance=1e-5
    ),
    "flow_grpo-3": Exercise(
        solution=_combined,
        mistakes=_combined_mistakes,
        inputs=((_REWARDS, torch.tensor([0.5, 0.25])), (_REWARDS.flip(2) ** 1.5, torch.tensor([1.0, 2.0]))),
    ),
    "flow_grpo-4": Exercise(
        solution=_objective,
        mistakes=_objective_mistakes,
        inputs=((_LOGS, torch.zeros(5), _WORTH, 0.2), (_LOGS.flip(0) * 2, _LOGS, _WORTH, 0.1)),
    ),
    "flow_grpo-5": Exercise(
        solution=_drift,
        mistakes=_drift_mistakes,
        inputs=((_X, _V, 0.7, 0.6, 0.1), (_V, _NOISE, 1.2, 0.3, 0.05)),
        tolerance=1e-5,
    ),
}
