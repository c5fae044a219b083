"""Train the control branch that the chapter on zero convolutions ships: ``python -m tools.zero_conv.train``.

Takes a quarter of an hour on one core. The frozen generator learns to follow edge maps: of each drawing that it knows,
mirrored half of the time and moved a little, the edge map is the hint and the drawing the answer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from mmnotes.data import VENDORS, drawings, tagged_features, text_features
from mmnotes.flow import flow_loss, on_path
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import pretrained_unet, prompts, to_network
from mmnotes.zero_conv import ControlBranch, controlled, edge_map, streamed
from mmnotes.zero_conv.pretrained import untrained_branch
from tools.flow.train import learned
from tools.training import rate, rounded, shifted, train_, write

FILE = "zero_conv/weights.npz"
BATCH, STEPS, RATE, WARM_UP, LEVEL = 32, 3_000, 1.5e-3, 100, 0.5
DROPPED, TAGGED, SHIFT = 0.3, 0.3, 3  # share of empty prompts, share of prompts with tags, pixels


Steer = Callable[..., Callable[..., Tensor]]  # from a U-Net, a branch and hints to the network that they steer
PLACES: dict[str, Steer] = {"skips": controlled, "stream": streamed}  # where residuals are added


class Lessons:
    """Batches of the flow loss of a steered generator: an edge map is the hint, its drawing is the answer."""

    def __init__(self, unet: UNet) -> None:
        known, self.unet = learned(), unet
        self.pictures = torch.stack([drawings(vendor=vendor)[known] for vendor in VENDORS])
        self.texts = torch.stack([prompts(text_features()[known]), prompts(tagged_features()[known])])

    def loss(self, branch: ControlBranch, random: torch.Generator, *, steer: Steer = controlled) -> Tensor:
        """The loss of one batch."""
        which = torch.randint(self.pictures.shape[1], (BATCH,), generator=random)
        drawn = self.pictures[torch.randint(len(VENDORS), (BATCH,), generator=random), which]
        mirrored = torch.rand(BATCH, 1, 1, 1, generator=random) < 0.5
        moved = shifted(torch.where(mirrored, drawn.flip(3), drawn), most=SHIFT, random=random)
        text = self.texts[(torch.rand(BATCH, generator=random) < TAGGED).long(), which]
        text = torch.where(torch.rand(BATCH, 1, generator=random) < DROPPED, self.unet.nothing, text)
        return steered_loss(self.unet, branch, moved, text, random, steer=steer)


def steered_loss(
    unet: UNet,
    branch: ControlBranch,
    clean: Tensor,
    text: Tensor,
    random: torch.Generator,
    *,
    steer: Steer = controlled,
    scale: float = 1.0,
) -> Tensor:
    """The flow loss on pictures (batch, 3, 32, 32), values from 0 to 1, steered by their own edge maps."""
    data = to_network(clean).contiguous(memory_format=torch.channels_last)
    t = torch.randn(len(data), generator=random).sigmoid()
    noise = torch.randn(data.shape, generator=random)
    network = steer(unet, branch, edge_map(clean).float(), scales=[scale] * len(branch.taps))
    return flow_loss(network(on_path(data, noise, t), t, text), data, noise)


def frozen() -> UNet:
    """The shipped generator, in the layout that is fastest to train beside."""
    return pretrained_unet().to(memory_format=torch.channels_last)


def rate_at(step: int) -> float:
    """It rises at first, is level until the middle, and falls to zero."""
    return rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP, level=LEVEL)


def main() -> None:
    """Train with seed 0."""
    torch.set_num_threads(1)
    unet = frozen()
    lessons = Lessons(unet)
    torch.manual_seed(0)
    branch = untrained_branch(unet).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(branch.parameters(), lr=RATE, weight_decay=0.01, betas=(0.9, 0.99), fused=True)

    def loss_of(random: torch.Generator) -> Tensor:
        return lessons.loss(branch, random)

    train_(branch, optimiser, loss_of, rate_at, name="control", steps=STEPS, seed=0)
    write(FILE, rounded(branch.state_dict()))


if __name__ == "__main__":
    main()
