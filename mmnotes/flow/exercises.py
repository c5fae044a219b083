"""Exercises of the chapter on flow matching."""

from typing import Any

import torch
from torch import Tensor

from mmnotes.flow.guidance import guided_by
from mmnotes.flow.path import flow_loss, on_path
from mmnotes.flow.samplers import euler
from mmnotes.flow.times import shifted, time_grid
from mmnotes.page.exercises import Exercise

_ROWS = torch.cos(torch.arange(24.0).reshape(3, 8) ** 1.3)
_OTHER = torch.sin(torch.arange(24.0).reshape(3, 8) ** 1.2) + 0.3
_TIMES = torch.tensor([0.2, 0.5, 0.9])


def _clean(x: Tensor, v: Tensor, t: Tensor) -> Tensor:
    return x - t[:, None] * v


def _clean_mistakes(x: Tensor, v: Tensor, t: Tensor) -> dict[str, Any]:
    t = t[:, None]
    return {
        "That is the guess of the noise; the data are at the other end.": x + (1 - t) * v,
        "The velocity points from the data to the noise, so the data lie against it.": x + t * v,
        "The time that is left to the data is t, not 1 - t.": x - (1 - t) * v,
        "Follow the velocity for the time t, not for all of the unit of time.": x - v,
    }


def _least_loss(sigma: float, t: float) -> float:
    return sigma**2 / ((1 - t) ** 2 * sigma**2 + t**2)


def _least_loss_mistakes(sigma: float, t: float) -> dict[str, Any]:
    right, variance = _least_loss(sigma, t), (1 - t) ** 2 * sigma**2 + t**2
    of_x = "That is the variance of x_t; the loss is what remains of noise - data once x_t is known."
    return {
        of_x: variance,
        "That is the variance of noise - data before x_t is known.": 1 + sigma**2,
        "No network reaches zero: many lines cross at one point.": 0.0,
        "Time runs from 0 at the data to 1 at the noise.": _least_loss(sigma, 1 - t),
        "That is what remains of the data; the velocity is (x_t - data) / t.": t**2 * right,
        "sigma is a standard deviation; its square is the variance.": _least_loss(sigma**0.5, t),
    }


def _at_size(t: float, ratio: float) -> float:
    return shifted(torch.tensor(t, dtype=torch.float64), shift=ratio).item()


def _at_size_mistakes(t: float, small: int, large: int) -> dict[str, Any]:
    ratio = large / small
    return {
        "The shift is the ratio of the sides; averaging s² pixels divides the noise by s.": _at_size(t, ratio**2),
        "The larger picture needs more noise, not less.": _at_size(t, 1 / ratio),
        "It is the ratio t / (1 - t) that is multiplied, not t.": t * ratio,
        "That is the ratio t / (1 - t) there; solve it for the time.": ratio * t / (1 - t),
    }


def _network(x: Tensor, t: Tensor, text: Tensor) -> Tensor:
    return torch.sin(x + 3 * t[:, None]) + text[:, :1] * x


def _loss(network: Any, data: Tensor, noise: Tensor, t: Tensor, text: Tensor, keep: Tensor, nothing: Tensor) -> Tensor:
    return flow_loss(network(on_path(data, noise, t), t, torch.where(keep[:, None], text, nothing)), data, noise)


def _loss_mistakes(network: Any, *given: Tensor) -> dict[str, Any]:
    data, noise, t, text, keep, nothing = given
    right, at_data = _loss(network, *given), network(data, t, torch.where(keep[:, None], text, nothing))
    return {
        "The target is noise - data; here it is data - noise.": _loss(lambda *x: -network(*x), *given),
        "Time 0 is the data and time 1 the noise.": _loss(network, data, noise, 1 - t, text, keep, nothing),
        "Texts are dropped where `keep` is False.": _loss(network, data, noise, t, text, ~keep, nothing),
        "No text is dropped.": _loss(network, data, noise, t, text, keep | True, nothing),
        "Dropped samples count too; only their text is replaced.": _loss(
            network, data[keep], noise[keep], t[keep], text[keep], keep[keep], nothing
        ),
        "A mean over everything is asked for; this is a sum.": right * data.numel(),
        "The network is asked at the data, not at the point of the path.": flow_loss(at_data, data, noise),
    }


def _sample(network: Any, noise: Tensor, text: Tensor, nothing: Tensor, scale: float, steps: int, shift: float) -> Any:
    return euler(guided_by(network, text, nothing, scale=scale), noise, time_grid(steps=steps, shift=shift))


def _sample_mistakes(network: Any, *given: Any) -> dict[str, Any]:
    noise, text, nothing, scale, steps, shift = given
    told = (network, noise, text, nothing)
    return {
        "The grid is not shifted.": _sample(*told, scale, steps, 1.0),
        "The shift leads towards the noise, not towards the data.": _sample(*told, scale, steps, 1 / shift),
        "A step goes by the next time minus this one, which is negative.": _sample(lambda *x: -network(*x), *given),
        "At scale 1 the guided velocity is the conditional one.": _sample(*told, scale + 1, steps, shift),
        "The two velocities have changed places.": _sample(*told, 1 - scale, steps, shift),
    }


_BATCHES = (
    (_network, _ROWS, _OTHER, _TIMES, _ROWS[:, 2:4], torch.tensor([True, False, True]), torch.ones(2)),
    (_network, _OTHER, _ROWS, _TIMES**2, _OTHER[:, :3], torch.tensor([False, False, True]), torch.zeros(3)),
)
_PROMPTS = (
    (_network, _ROWS, _OTHER[:, :2], torch.ones(2), 2.0, 3, 2.0),
    (_network, _OTHER, _ROWS[:, :3], torch.zeros(3), 3.5, 5, 0.5),
)
EXERCISES = {
    "flow-1": Exercise(solution=_clean, mistakes=_clean_mistakes, inputs=((_ROWS, _OTHER, _TIMES),)),
    "flow-2": Exercise(
        solution=_least_loss,
        mistakes=_least_loss_mistakes,
        inputs=((0.3, 0.2), (1.0, 0.5), (0.5, 0.9)),
        tolerance=1e-6,
    ),
    "flow-3": Exercise(
        solution=lambda t, small, large: _at_size(t, large / small),
        mistakes=_at_size_mistakes,
        inputs=((0.6, 32, 64), (0.9, 32, 128), (0.2, 480, 720)),
        tolerance=1e-6,
    ),
    "flow-4": Exercise(solution=_loss, mistakes=_loss_mistakes, inputs=_BATCHES),
    "flow-5": Exercise(solution=_sample, mistakes=_sample_mistakes, inputs=_PROMPTS),
}
