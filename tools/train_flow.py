"""Train the generator that the chapters steer: ``python tools/train_flow.py``. Takes an hour on one core.

Flow matching on the animals, plants, food and drinks of the training concepts as all three vendors draw them, given the
sentence embedding of the concept's name, or of name and tags, or of nothing.
"""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from training import train_

from mmnotes.data import concepts, drawings, tagged_features, text_features
from mmnotes.flow import flow_loss, on_path
from mmnotes.unet import UNet

VENDORS = ("noto", "fluent", "twemoji")
GROUPS = ("Animals & Nature", "Food & Drink")
BATCH, STEPS, RATE = 32, 16_000, 2e-3
DROPPED, TAGGED, SHIFT = 0.1, 0.3, 1  # share of empty prompts, share of prompts with tags, pixels
AVERAGE = 0.999


class Averaged(nn.Module):
    """A network, and the running mean of its weights that is shipped."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.mean = network, copy.deepcopy(network).requires_grad_(False)

    @torch.no_grad()
    def follow_(self) -> None:
        """Move the mean a little towards the weights."""
        for mean, now in zip(self.mean.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now, 1 - AVERAGE)


def generator() -> UNet:
    """The network of the shipped weights, untrained."""
    return UNet(channels=3, widths=(32, 64, 80), text_dim=384, text_tokens=4, dim=96, heads=4)


def rate_at(step: int) -> float:
    """Rises over 500 steps, is level until the middle, and falls to zero along a cosine."""
    late = max(0.0, 2 * step / STEPS - 1)
    return RATE * min(1.0, step / 500) * (1 + math.cos(math.pi * late)) / 2


def main() -> None:
    """Train with seed 0."""
    torch.set_num_threads(1)
    seen = torch.tensor([not concept.held_out and concept.group in GROUPS for concept in concepts()])
    pictures = torch.stack([drawings(vendor=vendor)[seen] for vendor in VENDORS])
    mean = pictures.mean((0, 1, 3, 4), keepdim=True)[0]
    pictures, white = 2 * (pictures - mean), 2 * (1 - mean)
    print(f"{int(seen.sum())} concepts, spread {pictures.std():.3f}, mean {mean.flatten().tolist()}", flush=True)
    prompts = math.sqrt(384) * torch.stack([text_features()[seen], tagged_features()[seen]])
    torch.manual_seed(0)
    model = Averaged(generator()).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        model.network.parameters(), lr=RATE, weight_decay=0.01, betas=(0.9, 0.99), fused=True
    )

    def loss_of(random: torch.Generator) -> Tensor:
        model.follow_()
        which = torch.randint(pictures.shape[1], (BATCH,), generator=random)
        drawn = pictures[torch.randint(3, (BATCH,), generator=random), which]
        moved = []
        for picture, (up, left) in zip(drawn, torch.randint(2 * SHIFT + 1, (BATCH, 2), generator=random), strict=True):
            wide = pad(picture - white[0], (SHIFT,) * 4) + white[0]
            moved.append(wide[:, up : up + 32, left : left + 32])
        data = torch.stack(moved).contiguous(memory_format=torch.channels_last)
        text = prompts[(torch.rand(BATCH, generator=random) < TAGGED).long(), which]
        dropped = torch.rand(BATCH, 1, generator=random) < DROPPED
        text = torch.where(dropped, model.network.nothing, text)
        t = torch.randn(BATCH, generator=random).sigmoid()
        noise = torch.randn(data.shape, generator=random)
        return flow_loss(model.network(on_path(data, noise, t), t, text), data, noise)

    train_(model, optimiser, loss_of, rate_at, name="flow", steps=STEPS, seed=0)


if __name__ == "__main__":
    main()
