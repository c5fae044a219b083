"""Flow-GRPO: the step of the SDE, the objective, the rewards, and low-rank weights."""

from functools import partial

import torch
from torch import nn

from mmnotes.flow_grpo import (
    PlanePolicy,
    blueness,
    clipped_objective,
    clipped_sigma,
    diversity,
    group_advantages,
    largest_std_advantages,
    likeness,
    log_probability,
    near_data,
    policy_loss,
    ring,
    rollout,
    score_scale,
    sde_mean,
    sde_sigma,
    sde_step,
    step_divergence,
    to_the_right,
)
from mmnotes.flow_grpo.rollout import Rollout
from mmnotes.layers.lora import LoRA
from tests.traced import Traced, filled, rand


def times() -> tuple[torch.Tensor, torch.Tensor]:
    """Now and then."""
    return torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.6, dtype=torch.float64)


NOW, THEN = times()
SIGMA = torch.tensor(0.9, dtype=torch.float64)


def lost(velocity: torch.Tensor, before: torch.Tensor, x: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
    """The loss of a step that reached x.sin()."""
    return policy_loss(velocity, before, Rollout(x, x.sin(), NOW, THEN, SIGMA, x), worth, clip=0.2)


def rolled(start: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What differs from sample to sample of a rollout along a made velocity."""
    grid = torch.tensor([1.0, 0.7, 0.6, 0.0], dtype=torch.float64)
    step = rollout(lambda x, t: x.sin() + t[:, None], start, noise, grid, at=1, a=1.0)
    return step.x, step.reached, step.end


def policy() -> nn.Module:
    """Of the plane, in double precision; the centres stay."""
    module = filled(PlanePolicy(ring(count=3)))
    return module.double()


TRACED = [
    Traced("flow_grpo.sde_sigma", lambda: (lambda t: sde_sigma(t, THEN, a=1.0), (NOW,)), ("jacrev", "jvp")),
    Traced("flow_grpo.clipped_sigma", lambda: (lambda s: clipped_sigma(s, NOW, THEN), (SIGMA,)), ("jacrev", "jvp")),
    Traced("flow_grpo.score_scale", lambda: (lambda s: score_scale(NOW, THEN, sigma=s), (SIGMA,)), ("jacrev", "jvp")),
    Traced(
        "flow_grpo.sde_mean", lambda: (lambda x, v: sde_mean(x, v, NOW, THEN, sigma=SIGMA), (rand(3, 5), rand(3, 5)))
    ),
    Traced(
        "flow_grpo.sde_step",
        lambda: (
            lambda x, v, noise: sde_step(x, v, noise, NOW, THEN, sigma=SIGMA),
            (rand(3, 5), rand(3, 5), rand(3, 5)),
        ),
    ),
    Traced("flow_grpo.log_probability", lambda: (partial(log_probability, std=SIGMA), (rand(3, 5), rand(3, 5)))),
    Traced("flow_grpo.group_advantages", lambda: (group_advantages, (rand(3, 5),))),
    Traced("flow_grpo.largest_std_advantages", lambda: (largest_std_advantages, (rand(3, 5),))),
    Traced("flow_grpo.clipped_objective", lambda: (partial(clipped_objective, clip=0.2), (rand(5), rand(5)))),
    Traced("flow_grpo.step_divergence", lambda: (partial(step_divergence, scale=SIGMA), (rand(3, 5), rand(3, 5)))),
    Traced("flow_grpo.rollout", lambda: (rolled, (rand(3, 5), rand(3, 5)))),
    Traced("flow_grpo.policy_loss", lambda: (lost, (rand(3, 5), rand(3, 5), rand(3, 5), rand(3)))),
    Traced("flow_grpo.blueness", lambda: (blueness, (rand(2, 3, 5, 7),))),
    Traced("flow_grpo.likeness", lambda: (likeness, (rand(3, 5), rand(3, 5)))),
    Traced("flow_grpo.diversity", lambda: (diversity, (rand(3, 2, 5),))),
    Traced("flow_grpo.to_the_right", lambda: (to_the_right, (rand(5, 2),))),
    Traced("flow_grpo.near_data", lambda: (near_data, (rand(5, 2), rand(3, 2)))),
    Traced("flow_grpo.PlanePolicy", lambda: (policy(), (rand(5, 2), rand(5).sigmoid()))),
    Traced("flow_grpo.PlanePolicy.exact", lambda: (policy().exact, (rand(5, 2), rand(5).sigmoid()))),
    Traced("layers.lora.LoRA", lambda: (filled(LoRA(nn.Linear(5, 3), rank=2, alpha=3.0)), (rand(4, 5),))),
]

MADE = "It cannot be traced: it makes a module"
UNTRACED = {
    "flow_grpo.ring": "It cannot be traced: it takes no tensor.",
    "flow_grpo.tune_": "It runs an optimiser: there is nothing to trace.",
    "layers.lora.LoRA.merged": MADE,
    "layers.lora.with_lora": "It cannot be traced: it makes a module.",
    "layers.lora.lora_state": "Only names are looked at: there is nothing to trace.",
}
