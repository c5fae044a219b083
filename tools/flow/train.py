"""Train the generator that the chapters steer: ``python -m tools.flow.train``. Takes three hours on one core.

Flow matching on the animals, plants, food and drinks of the training concepts as all three vendors draw them, given the
sentence embedding of the concept's name, or of name and tags, or of nothing.
"""

import torch
from torch import Tensor

from mmnotes.data import VENDORS, concepts, drawings, tagged_features, text_features
from mmnotes.flow import flow_loss, on_path
from mmnotes.models.generator import LEARNED_GROUPS, prompts, to_network, untrained_unet
from tools.training import Averaged, rate, rounded, shifted, train_, write

FILE = "models/generator.npz"
BATCH, RATE, WARM_UP, LEVEL = 32, 2e-3, 500, 0.5
CYCLES = (16_000, 24_000)  # steps; the rate falls to zero twice
DROPPED, TAGGED, SHIFT = 0.1, 0.3, 1  # share of empty prompts, share of prompts with tags, pixels
AVERAGE = 0.999


def learned() -> list[int]:
    """Places in the corpus of the concepts that the generator learns from."""
    return [place for place, each in enumerate(concepts()) if not each.held_out and each.group in LEARNED_GROUPS]


def held_out() -> list[int]:
    """Places in the corpus of the concepts of the same groups that nothing learns from."""
    return [place for place, each in enumerate(concepts()) if each.held_out and each.group in LEARNED_GROUPS]


def rate_at(step: int) -> float:
    """In each cycle it rises, is level until the middle, and falls to zero."""
    begun, steps = (0, CYCLES[0]) if step < CYCLES[0] else CYCLES
    return rate(step - begun, highest=RATE, steps=steps, warm_up=WARM_UP, level=LEVEL)


def main() -> None:
    """Train with seed 0."""
    torch.set_num_threads(1)
    seen = learned()
    pictures = torch.stack([drawings(vendor=vendor)[seen] for vendor in VENDORS])
    print(f"{len(seen)} concepts, {pictures.shape[0]} drawings of each", flush=True)
    texts = torch.stack([prompts(text_features()[seen]), prompts(tagged_features()[seen])])
    torch.manual_seed(0)
    model = Averaged(untrained_unet(), kept=AVERAGE).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.network.parameters(), lr=RATE, weight_decay=0.01, betas=(0.9, 0.99), fused=True)

    def loss_of(random: torch.Generator) -> Tensor:
        model.follow_()
        which = torch.randint(pictures.shape[1], (BATCH,), generator=random)
        drawn = pictures[torch.randint(len(VENDORS), (BATCH,), generator=random), which]
        data = to_network(shifted(drawn, most=SHIFT, random=random)).contiguous(memory_format=torch.channels_last)
        text = texts[(torch.rand(BATCH, generator=random) < TAGGED).long(), which]
        dropped = torch.rand(BATCH, 1, generator=random) < DROPPED
        text = torch.where(dropped, model.network.nothing, text)
        t = torch.randn(BATCH, generator=random).sigmoid()
        noise = torch.randn(data.shape, generator=random)
        return flow_loss(model.network(on_path(data, noise, t), t, text), data, noise)

    train_(model, optimiser, loss_of, rate_at, name="flow", steps=sum(CYCLES), seed=0)
    write(FILE, rounded(model.mean.state_dict()))


if __name__ == "__main__":
    main()
