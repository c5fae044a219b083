"""Measure the shipped control branch and draw the samples of its lab: ``python -m tools.zero_conv.study``.

Writes mmnotes/zero_conv/samples.npz: on the concepts that were held out, with each of three sampling seeds, how well
the samples follow an edge map and keep to the colours of the text, without control, over its scale, with a wrong
one and with no text; for three seeds, how the loss falls when the branch starts as a copy and when it starts afresh;
and the pictures of the lab. Takes a quarter of an hour on one core.
"""

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor

from mmnotes.data import VENDORS, concept_index, drawings, text_features
from mmnotes.flow import euler, guided_by, time_grid
from mmnotes.layers.samples import Axes, Samples, packed
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import prompts, to_pictures, untrained_unet
from mmnotes.zero_conv import ControlBranch, controlled, edge_f1, edge_map
from mmnotes.zero_conv.pretrained import pretrained_branch, untrained_branch
from tools.flow.train import held_out
from tools.training import shades, write
from tools.zero_conv.train import Lessons, frozen, steered_loss

FILE = "zero_conv/samples.npz"
SEEDS, GUIDANCE, STEPS = (0, 1, 2), 2.0, 12
SCALES = (0.0, 0.5, 1.0, 1.5, 2.0)
TAPS = {"all": range(7), "16 x 16": (0, 1), "8 x 8": (2, 3), "4 x 4": (4, 5, 6)}
LAB_SCALES, SAMPLES, LEVELS = (0.0, 0.5, 1.0, 2.0), 3, 31  # shades of a colour are stored as 0 to 31
PAIRS = {
    "a rooster": {"edge map": "rooster", "text": "rooster"},
    "a mushroom": {"edge map": "mushroom", "text": "mushroom"},
    "a shark, told tropical fish": {"edge map": "shark", "text": "tropical fish"},
    "a crab, told red apple": {"edge map": "crab", "text": "red apple"},
}
MEASURES = ("agreement", "retrieval", "own colour")
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


def measures(unet: UNet, branch: ControlBranch) -> dict[str, Samples]:
    """Agreement, retrieval and colour, each a mean over the held-out concepts, of every setting and seed."""
    places = held_out()
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    wanted, text = edge_map(real[0]), prompts(text_features()[places])
    nothing = unet.nothing.expand_as(text)
    over_scale = {f"scale {scale}": (wanted, text, scale) for scale in SCALES}
    otherwise = {
        "another edge map": (wanted.roll(7, 0), text, 1.0),
        "no text": (wanted, nothing, 1.0),
        "another text": (wanted, text.roll(7, 0), 1.0),
    }
    rows = {}
    for name, (hints, prompt, scale) in (over_scale | otherwise).items():
        each = [samples(unet, branch, hints, prompt, scales=at_taps(scale, "all"), seed=seed) for seed in SEEDS]
        rows[name] = torch.stack([_measured(drawn, wanted, real) for drawn in each], 1)
        print(f"{name}: {rows[name].tolist()}", flush=True)
    axes: Axes = {"measure": MEASURES, "seed": SEEDS}
    others = torch.stack([_measured(drawn, wanted, real) for drawn in real[1:]], 1)
    return {
        "over scale": Samples(torch.stack([rows[name] for name in over_scale]), {"scale": SCALES, **axes}),
        "otherwise": Samples(torch.stack([rows[name] for name in otherwise]), {"setting": [*otherwise], **axes}),
        "real": Samples(others, {"measure": MEASURES, "vendor": VENDORS[1:]}),
    }


def _measured(drawn: Tensor, wanted: Tensor, real: Tensor) -> Tensor:
    """Agreement with the wanted edge map, retrieval of it, own colour."""
    found = edge_map(drawn)
    right = retrieved(found, wanted) == torch.arange(len(wanted))
    colours = own_colour(colour(drawn), colour(real).mean(0))
    return torch.stack([edge_f1(found, wanted).mean(), right.float().mean(), colours.mean()])


def starts(unet: UNet) -> Samples:
    """Loss on held-out drawings, every few steps, of branches that start as a copy and of fresh ones."""
    lessons, places = Lessons(unet), held_out()
    clean, text = drawings(vendor="noto")[places], prompts(text_features()[places])
    looks = range(0, START_STEPS + 1, LOOK_EVERY)
    losses = torch.zeros(len(STARTS), len(looks), len(SEEDS))
    for row, start in enumerate(STARTS):
        for column, seed in enumerate(SEEDS):
            torch.manual_seed(seed)
            branch = untrained_branch(unet if start == "copy" else untrained_unet())
            branch = branch.to(memory_format=torch.channels_last)
            optimiser = torch.optim.AdamW(branch.parameters(), lr=START_RATE, betas=(0.9, 0.99), fused=True)
            for step in range(START_STEPS + 1):
                if step in looks:
                    losses[row, looks.index(step), column] = _looked(unet, branch, clean, text)
                optimiser.zero_grad()
                lessons.loss(branch, torch.Generator().manual_seed(1000 * seed + step)).backward()
                optimiser.step()
            print(f"{start}, seed {seed}: {losses[row, :, column].tolist()}", flush=True)
    return Samples(losses, {"start": STARTS, "step": looks, "seed": SEEDS})


def lab(unet: UNet, branch: ControlBranch) -> Samples:
    """The pictures of the lab."""
    drawn = []
    for (name, pair), scale, taps in itertools.product(PAIRS.items(), LAB_SCALES, TAPS):
        drawn.append(lab_row(unet, branch, pair, scale=scale, taps=taps))
        print(f"samples of {name}, scale {scale}, taps {taps}", flush=True)
    on = {taps: {"on": [*numbers]} for taps, numbers in TAPS.items()}
    axes: Axes = {"pair": PAIRS, "scale": LAB_SCALES, "taps": on, "sample": range(SAMPLES)}
    return shades(drawn, axes, levels=LEVELS, settings={"guidance": GUIDANCE, "steps": STEPS, "seed": SEEDS[0]})


def lab_row(unet: UNet, branch: ControlBranch, pair: Mapping[str, str], *, scale: float, taps: str) -> Tensor:
    """The lab's samples of one setting."""
    hints = edge_map(drawings(vendor="noto")[[concept_index(pair["edge map"])] * SAMPLES])
    text = prompts(text_features()[[concept_index(pair["text"])] * SAMPLES])
    return samples(unet, branch, hints, text, scales=at_taps(scale, taps), seed=SEEDS[0])


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
    tables = measures(unet, branch) | {"starts": starts(unet), "pictures": lab(unet, branch)}
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
