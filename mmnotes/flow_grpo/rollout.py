"""One group of samples that differ by the noise of one step alone, and the loss of that step.

Paper: Meituan LongCat Team, LongCat-Video technical report (2025).
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from mmnotes.flow import Velocity, euler
from mmnotes.flow_grpo.objective import clipped_objective
from mmnotes.flow_grpo.sde import MOST, clipped_sigma, log_probability, score_scale, sde_mean, sde_sigma, sde_step


class Rollout(NamedTuple):
    """The one random step of a sampling: where it began and ended, its times and its σ; and where the rest led."""

    x: Tensor
    reached: Tensor
    now: Tensor
    then: Tensor
    sigma: Tensor
    end: Tensor


def rollout(
    velocity: Velocity,
    start: Float[Tensor, "batch *rest"],
    noise: Float[Tensor, "batch *rest"],
    times: Float[Tensor, "times"],
    *,
    at: int,
    a: float,
    most: float = MOST,
) -> Rollout:
    """Follow the ODE from the start, but for step number ``at``, which is one of the SDE.

    Shapes: start and noise (batch, ...), times (times,), falling; ``velocity`` takes
    x (batch, ...) and t (batch,).
    Units: times from 1 (noise) to 0 (data); ``at`` counts steps from 0.
    Errors: ValueError for a step that is not there; as ``sde_sigma`` and
    ``clipped_sigma``.
    Source: LongCat-Video's report, its section on GRPO.
    """
    if not 0 <= at < len(times) - 1:
        raise ValueError(f"at must be from 0 to {len(times) - 2}, got {at}")
    now, then = times[at], times[at + 1]
    sigma = clipped_sigma(sde_sigma(now, then, a=a), now, then, most=most)
    x = euler(velocity, start, times[: at + 1])
    reached = sde_step(x, velocity(x, now.expand(len(x))), noise, now, then, sigma=sigma)
    end = euler(velocity, reached, times[at + 1 :])
    return Rollout(x, reached, now, then, sigma, end)


def policy_loss(
    velocity: Float[Tensor, "batch *rest"],
    drawn_by: Float[Tensor, "batch *rest"],
    step: Rollout,
    advantages: Float[Tensor, "batch"],
    *,
    clip: float,
) -> Float[Tensor, ""]:
    """Minus the mean clipped objective of the random step, divided by its score's scale.

    The division makes the gradient equally large at every time; without it, steps near
    the data would count little.

    Shapes: velocity, now and when the step was drawn, (batch, ...), advantages (batch,)
    -> ().
    Units: velocities at ``step.x`` and ``step.now``.
    Errors: as ``clipped_objective``.
    Source: Liu et al. 2025, section 4.1; the division as in LongCat-Video's report,
    appendix A.1.
    """
    sigma, times = step.sigma, (step.now, step.then)
    std = sigma * (step.now - step.then).sqrt()
    new, old = (
        log_probability(step.reached, sde_mean(step.x, each, *times, sigma=sigma), std=std)
        for each in (velocity, drawn_by)
    )
    scale = score_scale(*times, sigma=sigma)
    return -clipped_objective(new - old, advantages, clip=clip).mean() / scale
