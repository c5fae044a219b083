"""Measure the shipped control branch and draw the samples of its lab: ``python -m tools.zero_conv.study``.

Writes mmnotes/zero_conv/samples.npz: on the concepts that were held out, with each of three sampling seeds, how well
the samples follow an edge map and keep to the colours of the text, without control, over its scale, with a wrong
one and with no text; for three seeds, how the loss falls from a copy and from a fresh start; and
the pictures of the lab. Takes a quarter of an hour on one core.
"""

from pathlib import Path

import torch
from torch import Tensor

from mmnotes.data import concepts, drawings, text_features
from mmnotes.flow import euler, guided_by, time_grid
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import prompts, to_pictures, untrained_unet
from mmnotes.zero_conv import ControlBranch, controlled, edge_f1, edge_map
from mmnotes.zero_conv.pretrained import pretrained_branch, untrained_branch
from tools.flow.train import VENDORS, held_out
from tools.training import write
from tools.zero_conv.train import Lessons, frozen, steered_loss

FILE = Path(__file__).parents[2] / "mmnotes" / "zero_conv" / "samples.npz"
SEEDS, GUIDANCE, STEPS = (0, 1, 2), 2.0, 12
SCALES = (0.0, 0.5, 1.0, 1.5, 2.0)
TAPS = {"all": range(7), "16 x 16": (0, 1), "8 x 8": (2, 3), "4 x 4": (4, 5, 6)}
LAB_SCALES, SAMPLES, LEVELS = (0.0, 0.5, 1.0, 2.0), 3, 31  # shades of a colour are stored as 0 to 31
CASES = {"rooster": "rooster", "mushroom": "mushroom", "shark": "tropical fish", "crab": "red apple"}  # edge map: text
STARTS, START_STEPS, LOOK_EVERY, START_RATE = ("copy", "fresh"), 200, 40, 1.5e-3


def at_taps(scale: float, taps: str) -> list[float]:
    """The scale at some of the taps, zero at the others."""
    return [scale * (tap in TAPS[taps]) for tap in range(7)]


@torch.no_grad()
def samples(
    unet: UNet, branch: ControlBranch, hints: Tensor, text: Tensor, *, scales: list[float], seed: int
) -> Tensor:
    """One picture for each edge map (batch, 1, 32, 32) and prompt (batch, 384), values from 0 to 1."""
    noise = torch.randn(len(hints), 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    network = controlled(unet, branch, hints.float(), scales=scales)
    return to_pictures(euler(guided_by(network, text, unet.nothing, scale=GUIDANCE), noise, time_grid(steps=STEPS)))


def retrieved(found: Tensor, wanted: Tensor) -> Tensor:
    """Which of the wanted edge maps agrees best with each that was found."""
    return torch.stack([edge_f1(each.expand_as(wanted), wanted) for each in found]).argmax(1)


def colour(pictures: Tensor) -> Tensor:
    """Mean red, green and blue (..., 3) of the pixels that are not nearly white."""
    inked = (pictures.amin(-3, keepdim=True) < 0.9).float()
    return (pictures * inked).sum((-2, -1)) / inked.sum((-2, -1)).clamp_min(1)


def own_colour(found: Tensor, real: Tensor) -> Tensor:
    """How often a colour (concepts, 3) is nearer to that of its own concept than to that of another."""
    distance = torch.cdist(found, real)
    nearer = (distance.diag()[:, None] < distance).float()
    return nearer.sum(1) / (len(real) - 1)


def measures(unet: UNet, branch: ControlBranch) -> dict[str, Tensor]:
    """Agreement, retrieval and colour (settings, seeds), each a mean over the held-out concepts."""
    places = held_out()
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    wanted, text = edge_map(real[0]), prompts(text_features()[places])
    nothing = unet.nothing.expand_as(text)
    settings = [(wanted, text, scale) for scale in SCALES]
    settings += [(wanted.roll(7, 0), text, 1.0), (wanted, nothing, 1.0), (wanted, text.roll(7, 0), 1.0)]
    rows = []
    for hints, prompt, scale in settings:
        each = [samples(unet, branch, hints, prompt, scales=at_taps(scale, "all"), seed=seed) for seed in SEEDS]
        rows.append(torch.stack([_measured(drawn, wanted, real) for drawn in each], 1))
        print(f"setting {len(rows)} of {len(settings)}: {rows[-1].tolist()}", flush=True)
    others = torch.stack([_measured(drawn, wanted, real) for drawn in real[1:]], 1)
    return {"measures": torch.stack(rows), "measures_real": others}


def _measured(drawn: Tensor, wanted: Tensor, real: Tensor) -> Tensor:
    """Agreement with the wanted edge map, retrieval of it, own colour."""
    found = edge_map(drawn)
    right = retrieved(found, wanted) == torch.arange(len(wanted))
    colours = own_colour(colour(drawn), colour(real).mean(0))
    return torch.stack([edge_f1(found, wanted).mean(), right.float().mean(), colours.mean()])


def starts(unet: UNet) -> Tensor:
    """Loss on held-out drawings (starts, seeds, looks) of branches that start as a copy, and of fresh ones."""
    lessons, places = Lessons(unet), held_out()
    clean, text = drawings(vendor="noto")[places], prompts(text_features()[places])
    losses = torch.zeros(len(STARTS), len(SEEDS), START_STEPS // LOOK_EVERY + 1)
    for row, start in enumerate(STARTS):
        for seed in SEEDS:
            torch.manual_seed(seed)
            branch = untrained_branch(unet if start == "copy" else untrained_unet())
            branch = branch.to(memory_format=torch.channels_last)
            optimiser = torch.optim.AdamW(branch.parameters(), lr=START_RATE, betas=(0.9, 0.99), fused=True)
            for step in range(START_STEPS + 1):
                if step % LOOK_EVERY == 0:
                    losses[row, seed, step // LOOK_EVERY] = _looked(unet, branch, clean, text)
                optimiser.zero_grad()
                lessons.loss(branch, torch.Generator().manual_seed(1000 * seed + step)).backward()
                optimiser.step()
            print(f"{start}, seed {seed}: {losses[row, seed].tolist()}", flush=True)
    return losses


@torch.no_grad()
def _looked(unet: UNet, branch: ControlBranch, clean: Tensor, text: Tensor) -> float:
    """The loss with the same four draws of time and noise each time."""
    random = torch.Generator().manual_seed(0)
    return sum(steered_loss(unet, branch, clean, text, random).item() for _ in range(4)) / 4


def main() -> None:
    """Measure, draw and write."""
    torch.set_num_threads(1)
    unet = frozen()
    branch = pretrained_branch(unet)
    entries = measures(unet, branch) | {"starts": starts(unet)}
    labels = [each.en.label for each in concepts()]
    for shape, name in CASES.items():
        hints = edge_map(drawings(vendor="noto")[[labels.index(shape)] * SAMPLES])
        text = prompts(text_features()[[labels.index(name)] * SAMPLES])
        rows = [
            samples(unet, branch, hints, text, scales=at_taps(scale, taps), seed=0)
            for scale in LAB_SCALES
            for taps in TAPS
        ]
        entries[shape] = (LEVELS * torch.stack(rows)).round().to(torch.uint8)
        print(f"samples of {shape}", flush=True)
    write(FILE, {name: values.numpy() for name, values in entries.items()})


if __name__ == "__main__":
    main()
