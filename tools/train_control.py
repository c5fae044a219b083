"""Train the control branch that the chapter on zero convolutions ships: ``python tools/train_control.py``.

Takes twenty minutes on one core. The frozen generator learns to follow outlines: of each training drawing of the
concepts that it knows, mirrored half of the time and moved a little, the outline is the hint and the drawing the answer.
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from train_flow import GROUPS, VENDORS, Averaged
from training import rounded, train_

from mmnotes.data import concepts, drawings, tagged_features, text_features, trained
from mmnotes.flow import flow_loss, on_path
from mmnotes.generator import generator, prompts, to_network
from mmnotes.outlines import outline
from mmnotes.unet import UNet
from mmnotes.zero_conv import ControlBranch

FILE = Path(__file__).parent.parent / "mmnotes" / "data" / "control.npz"
WIDTHS = (16, 32)  # of the encoder of outlines
BATCH, STEPS, RATE, WARM_UP = 32, 4_000, 1.5e-3, 100
DROPPED, TAGGED, SHIFT = 0.3, 0.3, 3  # share of empty prompts, share of prompts with tags, pixels
MANTISSA = 6  # bits that are kept of each weight


class Lessons:
    """Batches of the flow loss of a steered generator."""

    def __init__(self, unet: UNet, *, held_out: bool) -> None:
        chosen = torch.tensor([each.held_out == held_out and each.group in GROUPS for each in concepts()])
        self.unet = unet
        self.pictures = torch.stack([drawings(vendor=vendor)[chosen] for vendor in VENDORS])
        self.texts = torch.stack([prompts(text_features()[chosen]), prompts(tagged_features()[chosen])])

    def loss(self, branch: ControlBranch, random: torch.Generator) -> Tensor:
        """The loss of one batch."""
        which = torch.randint(self.pictures.shape[1], (BATCH,), generator=random)
        drawn = self.pictures[torch.randint(3, (BATCH,), generator=random), which]
        mirrored = torch.rand(BATCH, 1, 1, 1, generator=random) < 0.5
        drawn, moved = torch.where(mirrored, drawn.flip(3), drawn), []
        for picture, (up, left) in zip(drawn, torch.randint(2 * SHIFT + 1, (BATCH, 2), generator=random), strict=True):
            moved.append(pad(picture, (SHIFT,) * 4, value=1)[:, up : up + 32, left : left + 32])
        clean = torch.stack(moved)
        data = to_network(clean).contiguous(memory_format=torch.channels_last)
        text = self.texts[(torch.rand(BATCH, generator=random) < TAGGED).long(), which]
        text = torch.where(torch.rand(BATCH, 1, generator=random) < DROPPED, self.unet.nothing, text)
        t = torch.randn(BATCH, generator=random).sigmoid()
        noise = torch.randn(data.shape, generator=random)
        x = on_path(data, noise, t)
        residuals = branch(*self.unet.inputs(x, t, text), branch.hint(outline(clean).float()))
        return flow_loss(self.unet(x, t, text, residuals), data, noise)


def frozen() -> UNet:
    """The shipped generator."""
    unet = generator()
    unet.load_state_dict(trained("generator"))
    return unet.requires_grad_(False).to(memory_format=torch.channels_last)


def rate_at(step: int) -> float:
    """It rises at first, is level until the middle, and falls to zero along a cosine."""
    late = max(0.0, 2 * step / STEPS - 1)
    return RATE * min(1.0, step / WARM_UP) * (1 + math.cos(math.pi * late)) / 2


def main() -> None:
    """Train with seed 0."""
    torch.set_num_threads(1)
    unet = frozen()
    lessons = Lessons(unet, held_out=False)
    torch.manual_seed(0)
    model = Averaged(ControlBranch(unet, channels=1, widths=WIDTHS)).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.network.parameters(), lr=RATE, weight_decay=0.01, betas=(0.9, 0.99), fused=True)

    def loss_of(random: torch.Generator) -> Tensor:
        model.follow_()
        return lessons.loss(model.network, random)

    train_(model, optimiser, loss_of, rate_at, name="control", steps=STEPS, seed=0)
    np.savez_compressed(
        FILE, **{name: rounded(value, bits=MANTISSA) for name, value in model.mean.state_dict().items()}
    )
    print(f"{FILE.name}: {FILE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
