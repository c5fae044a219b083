"""Tune the shipped generator by rewards: ``python -m tools.flow_grpo.train``. Takes 45 minutes on one core.

Every run draws groups of samples of some of the tuned prompts, each group from one noise, which differ by the noise of
one step; then it changes low-rank weights twice. What it has learned is kept every few rounds, for the study, under
``_build/training``; a run that was cut off goes on from there. Needs the test extra, for the network that looks at
pictures.
"""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmnotes.data import VENDORS, drawings, text_features
from mmnotes.flow import Velocity, time_grid
from mmnotes.flow_grpo import (
    Rollout,
    blueness,
    largest_std_advantages,
    likeness,
    policy_loss,
    rollout,
    step_divergence,
)
from mmnotes.flow_grpo.pretrained import untuned_unet
from mmnotes.layers.lora import lora_state
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import pretrained_unet, prompts, to_pictures
from tools.flow.study import features
from tools.flow.train import learned
from tools.pack_features import image_network
from tools.training import KEPT, train_

PROMPTS, GROUP, TUNED = 4, 8, 24  # prompts a round, samples of each, prompts in all
STEPS, RANDOM, A = 6, 3, 1.0  # of sampling; the random step is one of the first so many; noise of the SDE
RATE, CLIP = 2e-3, 0.2
UPDATES, EVERY, ROUNDS = 2, 6, 24  # of the weights a round; rounds from one stored state to the next, and in all
LOOKS = range(EVERY, ROUNDS + 1, EVERY)


class Variant(NamedTuple):
    """The weights of the two rewards, that of the divergence, whether advantages are shuffled, and the seeds."""

    blue: float
    like: float
    kl: float = 0.0
    shuffled: bool = False
    seeds: tuple[int, ...] = (0, 1, 2)


KL = 0.1
VARIANTS = {
    "colour": Variant(1.0, 0.0),
    "colour + likeness": Variant(0.5, 0.5),
    "colour + KL": Variant(1.0, 0.0, kl=KL),
    "colour + 3 likeness": Variant(0.25, 0.75),
    "colour + likeness + KL": Variant(0.5, 0.5, kl=KL, seeds=(0,)),
    "likeness": Variant(0.0, 1.0),
    "shuffled": Variant(1.0, 0.0, shuffled=True),
}


def tuned() -> list[int]:
    """Places in the corpus of the prompts that are tuned on."""
    return learned()[::9][:TUNED]


def new() -> list[int]:
    """Places of as many prompts that are not, and that the generator knows as well."""
    return learned()[4::9][:TUNED]


class Judge:
    """What EfficientNet-Lite0 sees in pictures, beside the mean of what it sees in three vendors' drawings."""

    def __init__(self) -> None:
        self.network, self.places = image_network(), learned()
        real = torch.stack([drawings(vendor=vendor)[self.places] for vendor in VENDORS])
        known = features(self.network, real.flatten(0, 1))
        self.centre = known.mean(0)
        each = normalize(known - self.centre, dim=1).unflatten(0, (len(VENDORS), -1))
        self.aims = normalize(each.mean(0), dim=1)

    def seen(self, pictures: Tensor) -> Tensor:
        """Features from the centre."""
        return features(self.network, pictures) - self.centre

    def wanted(self, places: list[int]) -> Tensor:
        """The features that pictures of these concepts should have."""
        return self.aims[[self.places.index(place) for place in places]]


@cache
def judge() -> Judge:
    """The one judge of all runs: what it should see is measured once."""
    return Judge()


def told(network: nn.Module, text: Tensor) -> Velocity:
    """The velocity of a text, without guidance."""
    return lambda x, t: network(x, t, text)


def worth(variant: Variant, pictures: Tensor, places: list[int]) -> Tensor:
    """The weighted advantages of pictures (prompts times group, ...)."""
    rewards = [(variant.blue, blueness(pictures))]
    if variant.like:
        rewards.append((variant.like, likeness(judge().seen(pictures), judge().wanted(places))))
    each = [weight * largest_std_advantages(reward.unflatten(0, (-1, GROUP))) for weight, reward in rewards]
    return torch.stack(each).sum(0).flatten()


def losses(variant: Variant, network: nn.Module, frozen: UNet) -> Callable[[torch.Generator], Tensor]:
    """The loss of each update in turn: the first of a round draws the samples that all of them learn from."""
    places, times = tuned(), time_grid(steps=STEPS)
    count, drawn = PROMPTS * GROUP, list[tuple[Rollout, Velocity, Tensor, Tensor, Tensor]]()

    @torch.no_grad()
    def round_of(random: torch.Generator) -> tuple[Rollout, Velocity, Tensor, Tensor, Tensor]:
        asked = [places[row] for row in torch.randperm(TUNED, generator=random)[:PROMPTS] for _ in range(GROUP)]
        text = prompts(text_features()[asked])
        start = torch.randn(PROMPTS, 3, 32, 32, generator=random).repeat_interleave(GROUP, 0)
        noise = torch.randn(count, 3, 32, 32, generator=random)
        at = int(torch.randint(RANDOM, (1,), generator=random))
        velocity = told(network, text)
        step = rollout(velocity, start, noise, times, at=at, a=A)
        advantages = worth(variant, to_pictures(step.end), asked)
        if variant.shuffled:
            advantages = advantages[torch.randperm(count, generator=random)]
        now = step.now.expand(count)
        before = velocity(step.x, now)
        reference = told(frozen, text)(step.x, now) if variant.kl else before
        return step, velocity, advantages, before, reference

    def loss_of(random: torch.Generator) -> Tensor:
        if len(drawn) == UPDATES:
            drawn.clear()
        drawn.append(drawn[0] if drawn else round_of(random))
        step, velocity, advantages, before, reference = drawn[0]
        found = velocity(step.x, step.now.expand(count))
        far = step_divergence(found, reference, scale=torch.tensor(1.0)).mean()
        return policy_loss(found, before, step, advantages, clip=CLIP) + variant.kl * far

    return loss_of


def kept(name: str, seed: int, rounds: int) -> dict[str, Tensor]:
    """What a run had learned after so many rounds."""
    state: dict[str, Tensor] = torch.load(_file(name, seed, rounds), weights_only=True)
    return state


def tune(name: str, seed: int) -> None:
    """One run, from where it was cut off."""
    frozen = pretrained_unet()
    torch.manual_seed(seed)
    network = untuned_unet()
    learning = [each for each in network.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=RATE, weight_decay=0.0)
    loss_of = losses(VARIANTS[name], network, frozen)
    for rounds in LOOKS:
        if not _file(name, seed, rounds).exists():
            run = f"flow_grpo {name}"
            train_(network, optimiser, loss_of, lambda step: RATE, name=run, steps=UPDATES * rounds, seed=seed)
            torch.save(lora_state(network), _file(name, seed, rounds))
            print(f"{run}, seed {seed}: {rounds} rounds", flush=True)


def main() -> None:
    """All runs, or those of the variants that are named."""
    torch.set_num_threads(1)
    for name in sys.argv[1:] or VARIANTS:
        for seed in VARIANTS[name].seeds:
            if not _file(name, seed, ROUNDS).exists():
                tune(name, seed)


def _file(name: str, seed: int, rounds: int) -> Path:
    return KEPT / f"flow_grpo {name}-{seed}-{rounds}.pt"


if __name__ == "__main__":
    main()
