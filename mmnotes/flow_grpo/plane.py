"""Flow-GRPO in the plane, where the velocity before tuning is exact and a sample is two numbers.

Paper: Liu et al., Flow-GRPO (2025), whose round it is; the ring of Gaussians is ours.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.flow import Velocity, mixture_velocity, time_grid
from mmnotes.flow_grpo.objective import largest_std_advantages, step_divergence
from mmnotes.flow_grpo.rollout import policy_loss, rollout

RADIUS, SPREAD = 2.0, 0.15  # of the ring, of each Gaussian on it
WIDTH, RATE, CLIP, UPDATES = 48, 2e-3, 0.2, 2
GROUPS, GROUP = 16, 8

Reward = Callable[[Tensor], Tensor]


def ring(*, count: int) -> Float[Tensor, "centres 2"]:
    """Centres at equal distances on a circle of radius 2, the first on its right.

    It cannot be traced: it takes no tensor.

    Shapes: -> (centres, 2).
    Errors: ValueError for less than one.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    angles = 2 * math.pi * torch.arange(count) / count
    return RADIUS * torch.stack([angles.cos(), angles.sin()], dim=1)


def to_the_right(x: Float[Tensor, "batch 2"]) -> Float[Tensor, "batch"]:
    """How far right a point lies: a reward that the data know nothing of.

    Shapes: x (batch, 2) -> (batch,).
    """
    return x[:, 0]


def near_data(x: Float[Tensor, "batch 2"], centres: Float[Tensor, "centres 2"]) -> Float[Tensor, "batch"]:
    """Minus the distance to the nearest centre: what a judge of quality would say.

    Shapes: x (batch, 2), centres (centres, 2) -> (batch,).
    """
    nearest: Tensor = (x[:, None] - centres).norm(dim=2).amin(1)
    return -nearest


class PlanePolicy(nn.Module):
    """The exact velocity of the ring and a small network's correction, which starts at zero.

    Shapes: x (batch, 2), t (batch,) -> (batch, 2).
    Units: as ``mixture_velocity``.
    """

    def __init__(self, centres: Float[Tensor, "centres 2"]) -> None:
        super().__init__()
        self.register_buffer("centres", centres)
        last = nn.Linear(WIDTH, 2)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.correction = nn.Sequential(nn.Linear(3, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), last)

    def forward(self, x: Float[Tensor, "batch 2"], t: Float[Tensor, "batch"]) -> Float[Tensor, "batch 2"]:
        """What the ring asks for, and what tuning has added."""
        output: Tensor = self.exact(x, t) + self.correction(torch.cat([x, t[:, None]], 1))
        return output

    def exact(self, x: Float[Tensor, "batch 2"], t: Float[Tensor, "batch"]) -> Float[Tensor, "batch 2"]:
        """The velocity before tuning."""
        return mixture_velocity(x, t, self.get_buffer("centres"), spread=SPREAD)


def tune_(
    policy: nn.Module,
    reference: Velocity,
    rewards: Sequence[tuple[float, Reward]],
    *,
    kl: float,
    rounds: int,
    steps: int,
    seed: int,
    a: float = 1.0,
) -> None:
    """Change a policy of the plane so that what it draws earns more.

    In each round the members of a group share their start and differ by the noise of one
    step, taken at random from the first three quarters. Advantages are the rewards'
    weighted sum; ``kl`` weighs the step's divergence, freed of its scale like the rest.
    It runs an optimiser: there is nothing to trace.

    Shapes: policy and reference take x (batch, 2) and t (batch,); each reward
    (batch, 2) -> (batch,).
    Errors: as ``rollout``; ValueError for less than two steps.
    Source: LongCat-Video's report, its section on GRPO.
    """
    if steps < 2:
        raise ValueError(f"steps must be at least 2, got {steps}")
    random, times = torch.Generator().manual_seed(seed), time_grid(steps=steps)
    optimiser = torch.optim.Adam(policy.parameters(), lr=RATE)
    for _ in range(rounds):
        start, noise = torch.randn(2, GROUPS * GROUP, 2, generator=random)
        start = start[:GROUPS].repeat_interleave(GROUP, 0)
        at = int(torch.randint(3 * steps // 4, (1,), generator=random))
        with torch.no_grad():
            step = rollout(policy, start, noise, times, at=at, a=a)
            each = [w * largest_std_advantages(of(step.end).unflatten(0, (GROUPS, GROUP))) for w, of in rewards]
            advantages = torch.stack(each).sum(0).flatten()
            now = step.now.expand(len(start))
            before, far = policy(step.x, now), reference(step.x, now)
        for _ in range(UPDATES):
            velocity = policy(step.x, now)
            loss = policy_loss(velocity, before, step, advantages, clip=CLIP)
            loss = loss + kl * step_divergence(velocity, far, scale=torch.tensor(1.0)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
