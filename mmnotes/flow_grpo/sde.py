"""From the ODE of flow matching to an SDE with the same marginals, and one step of it: the policy.

Papers: Song et al., Score-based generative modeling through stochastic differential equations (2021); Liu et al.,
Flow-GRPO (2025).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted
from mmnotes.layers.scales import check_positive

MOST = 0.45  # of sigma times the root of the step: LongCat-Video's


def sde_sigma(now: Float[Tensor, ""], then: Float[Tensor, ""], *, a: float) -> Float[Tensor, ""]:
    """How much noise the SDE adds in a unit of time: a √(t / (1 - t)).

    At t = 1 that is infinite. There 1 - t is taken at the end of the step, as Flow-GRPO's
    code does.

    >>> sde_sigma(torch.tensor(0.5), torch.tensor(0.4), a=1.0)
    tensor(1.)

    Shapes: now (), then () -> ().
    Units: times from 1 (noise) to 0 (data), ``then`` the smaller.
    Errors: ValueError for times that are not 0 <= then < now <= 1, or a negative a.
    Source: Liu et al. 2025, section 4.2; sd3_sde_with_logprob.py of yifan123/flow_grpo.
    """
    _check(now, then)
    if not 0 <= a < math.inf:
        raise ValueError(f"a must be at least 0 and finite, got {a}")
    left = torch.where(now == 1, 1 - then, 1 - now)
    return a * (now / left).sqrt()


def clipped_sigma(
    sigma: Float[Tensor, ""],
    now: Float[Tensor, ""],
    then: Float[Tensor, ""],
    *,
    most: float = MOST,
) -> Float[Tensor, ""]:
    """The same, at most so large that the step's noise σ √Δt has the standard deviation
    ``most``.

    Shapes: three times () -> ().
    Units: as ``sde_sigma``.
    Errors: as ``sde_sigma``; ValueError for a limit that is not positive.
    Source: LongCat-Video's report, its section on GRPO; τ = 0.45.
    """
    _check(now, then)
    check_positive(most, name="most")
    return sigma.clamp(max=most / (now - then).sqrt())


def sde_mean(
    x: Float[Tensor, "batch *rest"],
    velocity: Float[Tensor, "batch *rest"],
    now: Float[Tensor, ""],
    then: Float[Tensor, ""],
    *,
    sigma: Float[Tensor, ""],
) -> Float[Tensor, "batch *rest"]:
    """Where a step of the SDE leads on average:
    x - Δt [v + σ² / (2 t) (x + (1 - t) v)].

    The bracket's second half takes out, through the score, what the noise spreads. At
    σ = 0 this is Euler's step. Computed is one multiple of x plus one of v.

    Shapes: x and velocity (batch, ...), the times and sigma () -> (batch, ...).
    Units: the velocity is noise - data; Δt = now - then is positive.
    Errors: as ``sde_sigma``.
    Source: Liu et al. 2025, equation 9; sd3_sde_with_logprob.py of yifan123/flow_grpo.
    Differs: LongCat-Video's network predicts data - noise: pass minus that.
    """
    _check(now, then)
    point, towards = promoted(x, velocity)
    dt, pull = now - then, sigma.square() / (2 * now)
    mean = (1 - dt * pull) * point - dt * (1 + pull * (1 - now)) * towards
    return mean.to(x.dtype)


def sde_step(
    x: Float[Tensor, "batch *rest"],
    velocity: Float[Tensor, "batch *rest"],
    noise: Float[Tensor, "batch *rest"],
    now: Float[Tensor, ""],
    then: Float[Tensor, ""],
    *,
    sigma: Float[Tensor, ""],
) -> Float[Tensor, "batch *rest"]:
    """One step of the SDE: its mean, and σ √Δt times Gaussian noise.

    Shapes: x, velocity and noise (batch, ...), the times and sigma () -> (batch, ...).
    Units: as ``sde_mean``.
    Errors: as ``sde_sigma``.
    Source: as ``sde_mean``.
    """
    mean = sde_mean(x, velocity, now, then, sigma=sigma)
    return mean + (sigma * (now - then).sqrt() * noise).to(x.dtype)


def log_probability(
    reached: Float[Tensor, "batch *rest"],
    mean: Float[Tensor, "batch *rest"],
    *,
    std: Float[Tensor, ""],
) -> Float[Tensor, "batch"]:
    """The logarithm of the density with which a step reaches a point: of a Gaussian
    around its mean.

    Shapes: reached and mean (batch, ...), std () -> (batch,).
    Units: std is σ √Δt; in float32 for half precision.
    Errors: ValueError for a std that is not positive.
    Source: Liu et al. 2025, section 4.2.
    Differs: the sum over all numbers of a sample; the released code takes their mean.
    """
    check_positive(std, name="std")
    end, centre = promoted(reached, mean)
    apart = (end - centre).flatten(1)
    constant = std.log() + math.log(2 * math.pi) / 2
    return -apart.square().sum(1) / (2 * std.square()) - apart.shape[1] * constant


def score_scale(
    now: Float[Tensor, ""],
    then: Float[Tensor, ""],
    *,
    sigma: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """s in ∇ log p = -s ε ∇v, with the noise ε that the step drew:
    √Δt (1 / σ + σ (1 - t) / (2 t)).

    For σ = a √(t / (1 - t)) it is (1 + a² / 2) / a times √(Δt (1 - t) / t). Its square
    is the factor in the Kullback-Leibler divergence of two policies.

    Shapes: three times () -> ().
    Units: as ``sde_sigma``.
    Errors: as ``sde_sigma``; ValueError for a sigma that is not positive: a step without
    noise has no density.
    Source: LongCat-Video's report, appendix A.1, for a = 1 and without the limit.
    """
    _check(now, then)
    check_positive(sigma, name="sigma")
    return (now - then).sqrt() * (1 / sigma + sigma * (1 - now) / (2 * now))


def _check(now: Tensor, then: Tensor) -> None:
    if values_known(now, then) and not 0 <= then < now <= 1:
        raise ValueError(f"now and then must be 0 <= then < now <= 1, got {now.item():g} and {then.item():g}")
