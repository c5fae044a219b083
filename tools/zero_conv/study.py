"""Measure the shipped control branch and draw the samples of its labs: ``python -m tools.zero_conv.study``.

Writes mmnotes/zero_conv/samples.npz: on each concept that was held out, with each of three sampling seeds, how well
the samples follow an edge map and keep to the colours of the text, without control, over its scale, with another
edge map and with no text; the same for drawings instead of samples, the nearest that the branch learned from among
them; how guidance changes it, where the hint steers both of its halves or one; control in the skips and in the
encoder's stream at several scales; for three seeds, how the loss falls when the branch starts as a copy and when it
starts afresh; and the pictures of the labs. Takes half an hour on one core; each table is kept under
``_build/training`` as soon as it is done.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmnotes.data import VENDORS, concept_index, drawings, text_features
from mmnotes.flow import guided_by
from mmnotes.layers.samples import Axes, Samples, packed, unpacked
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import prompts, untrained_unet
from mmnotes.zero_conv import (
    ControlBranch,
    controlled,
    edge_f1,
    edge_f1_of_all,
    edge_map,
    guided_in_one_half,
    resolution_weights,
    turned,
)
from mmnotes.zero_conv.pretrained import pretrained_branch, untrained_branch
from tools.flow.train import held_out, learned
from tools.training import KEPT, pictures_along, shades, write
from tools.zero_conv.train import PLACES, Lessons, frozen, steered_loss

FILE = "zero_conv/samples.npz"
SEEDS, GUIDANCE, STEPS = (0, 1, 2), 2.0, 12
SCALES = (0.0, 0.5, 1.0, 1.5, 2.0)
TAPS = {"all": range(7), "16 x 16": (0, 1), "8 x 8 and 4 x 4": range(2, 7)}
SAMPLES, LEVELS = 3, 31  # shades of a colour are stored as 0 to 31
PAIRS = {
    "an owl, turned": {"edge map": "owl", "turned": 30, "text": "owl"},
    "a penguin, turned": {"edge map": "penguin", "turned": 30, "text": "penguin"},
    "a mushroom, a new word": {"edge map": "mushroom", "turned": 0, "text": "mushroom"},
    "a shark, told tropical fish": {"edge map": "shark", "turned": 0, "text": "tropical fish"},
}
GRIDS = (16, 16, 8, 8, 4, 4, 4)  # rows of each tap
WAYS = ("both halves", "one half", "one half, weights to 1", "one half, weights from 1")
STRENGTHS, FEWER = (1.0, 2.0, 4.0, 8.0), 2  # of guidance; every so many of the held-out
PROMPTS = {"its own": SEEDS, "none": SEEDS[:1]}  # with the seeds that are tried
PLACE_SCALES = (0.75, 1.0, 1.25, 1.5)
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
    network = controlled(unet, branch, hints.float(), scales=scales)
    return pictures_along(guided_by(network, text, unet.nothing, scale=GUIDANCE), len(hints), steps=STEPS, seed=seed)


@torch.no_grad()
def guided_samples(
    unet: UNet, branch: ControlBranch, hints: Tensor, text: Tensor, *, way: str, strength: float, seed: int
) -> Tensor:
    """Samples at a strength of guidance whose halves are steered in one of the ways."""
    page = {"one half, weights to 1": GRIDS[-1], "one half, weights from 1": GRIDS[0]}.get(way)
    scales = [1.0] * len(GRIDS) if page is None else resolution_weights(GRIDS, page=page)
    steered = controlled(unet, branch, hints.float(), scales=scales)
    if way == "both halves":
        return pictures_along(
            guided_by(steered, text, unet.nothing, scale=strength), len(hints), steps=STEPS, seed=seed
        )
    one_half = guided_in_one_half(steered, unet, text, unet.nothing, scale=strength)
    return pictures_along(one_half, len(hints), steps=STEPS, seed=seed)


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
    """Agreement, retrieval and colour of each held-out concept, of every setting and seed."""
    places = held_out()
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    wanted, text = edge_map(real[0]), prompts(text_features()[places])
    other, nothing = wanted.roll(7, 0), unet.nothing.expand_as(text)
    over_scale = {f"scale {scale}": (wanted, text, scale) for scale in SCALES}
    otherwise = {
        "another edge map": (other, text, 1.0),
        "no text": (wanted, nothing, 1.0),
        "another text": (wanted, text.roll(7, 0), 1.0),
    }
    rows = {}
    for name, (hints, prompt, scale) in (over_scale | otherwise).items():
        each = [samples(unet, branch, hints, prompt, scales=at_taps(scale, "all"), seed=seed) for seed in SEEDS]
        rows[name] = torch.stack([measured(drawn, wanted, real) for drawn in each], 1)
        if name == "another edge map":
            given = torch.stack([edge_f1(edge_map(drawn), other) for drawn in each])
        print(f"{name}: {rows[name].mean(2).tolist()}", flush=True)
    axes: Axes = {"measure": MEASURES, "seed": SEEDS, "concept": places}
    return {
        "over scale": Samples(torch.stack([rows[name] for name in over_scale]), {"scale": SCALES, **axes}),
        "otherwise": Samples(torch.stack([rows[name] for name in otherwise]), {"setting": [*otherwise], **axes}),
        "agreement with the other": Samples(given, {"seed": SEEDS, "concept": places}),
    }


def instead() -> dict[str, Samples]:
    """The same measures of drawings instead of samples: what the other vendors drew for the concept, the learned
    drawing with the nearest edge map, and the one learned drawing that agrees best with all; the agreement with the
    nearest, and whose drawing it is.
    """
    places, known = held_out(), learned()
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    seen = torch.cat([flipped for vendor in VENDORS for flipped in _with_mirrored(drawings(vendor=vendor)[known])])
    agreement = edge_f1_of_all(edge_map(real[0]), edge_map(seen))
    nearest = agreement.argmax(1)
    one = agreement.mean(0).argmax().expand(len(places))
    found = {name: seen[rows] for name, rows in (("nearest", nearest), ("one for all", one))}
    found |= dict(zip(VENDORS[1:], real[1:], strict=True))
    wanted = edge_map(real[0])
    # A vendor's own drawing is no judge of its colour.
    judges = {
        vendor: real[[row for row in range(len(VENDORS)) if row != place]] for place, vendor in enumerate(VENDORS)
    }
    rows = [measured(drawn, wanted, judges.get(name, real)) for name, drawn in found.items()]
    owners = torch.tensor(known).repeat(2 * len(VENDORS))[nearest]
    table = torch.stack([agreement.amax(1), owners.float()])
    return {
        "instead": Samples(torch.stack(rows), {"drawing": [*found], "measure": MEASURES, "concept": places}),
        "nearest": Samples(table, {"what": ["agreement", "concept"], "concept": places}),
    }


def _with_mirrored(pictures: Tensor) -> tuple[Tensor, Tensor]:
    return pictures, pictures.flip(3)


def measured(drawn: Tensor, wanted: Tensor, real: Tensor) -> Tensor:
    """Agreement with the wanted edge map, retrieval of it, own colour: each (concepts,)."""
    agreement = edge_f1_of_all(edge_map(drawn), wanted)
    right = agreement.argmax(1) == torch.arange(len(wanted))
    colours = own_colour(colour(drawn), colour(real).mean(0))
    return torch.stack([agreement.diag(), right.float(), colours])


def halves(unet: UNet, branch: ControlBranch) -> dict[str, Samples]:
    """The measures over the strength of guidance, with the hint in both of its halves and in one."""
    places = held_out()[::FEWER]
    real = torch.stack([drawings(vendor=vendor)[places] for vendor in VENDORS])
    wanted, own = edge_map(real[0]), prompts(text_features()[places])
    texts = {"its own": own, "none": unet.nothing.expand_as(own)}
    tables = {}
    for prompt, seeds in PROMPTS.items():
        rows = []
        for way, strength in itertools.product(WAYS, STRENGTHS):
            setting = {"way": way, "strength": strength}
            each = [guided_samples(unet, branch, wanted, texts[prompt], **setting, seed=seed) for seed in seeds]
            rows.append(torch.stack([measured(drawn, wanted, real).mean(1) for drawn in each], 1))
            print(f"{prompt}, {way}, guidance {strength}: {rows[-1].mean(1).tolist()}", flush=True)
        axes: Axes = {"way": WAYS, "guidance": STRENGTHS, "measure": MEASURES, "seed": seeds}
        tables[f"prompt {prompt}"] = Samples(torch.stack(rows).reshape(*map(len, axes.values())), axes)
    return tables


def into(unet: UNet, branch: ControlBranch) -> Samples:
    """Loss and agreement of residuals in the skips and in the encoder's stream, over their scale."""
    rows = []
    for place, scale in itertools.product(PLACES, PLACE_SCALES):
        rows.append(torch.stack([into_row(unet, branch, place, scale=scale, seed=seed) for seed in SEEDS], 1))
        print(f"{place}, scale {scale}: {rows[-1].tolist()}", flush=True)
    axes: Axes = {"into": [*PLACES], "scale": PLACE_SCALES, "measure": ("loss", "agreement"), "seed": SEEDS}
    return Samples(torch.stack(rows).reshape(*map(len, axes.values())), axes)


@torch.no_grad()
def into_row(unet: UNet, branch: ControlBranch, place: str, *, scale: float, seed: int) -> Tensor:
    """Loss, by four draws of time and noise, and agreement of one setting."""
    chosen = held_out()[::FEWER]
    clean, text = drawings(vendor="noto")[chosen], prompts(text_features()[chosen])
    wanted, steer = edge_map(clean), PLACES[place]
    network = steer(unet, branch, wanted.float(), scales=[scale] * len(GRIDS))
    drawn = pictures_along(guided_by(network, text, unet.nothing, scale=GUIDANCE), len(wanted), steps=STEPS, seed=seed)
    loss = _looked(unet, branch, clean, text, seed=seed, steer=steer, scale=scale)
    return torch.tensor([loss, edge_f1(edge_map(drawn), wanted).mean()])


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
    for (name, pair), scale, taps in itertools.product(PAIRS.items(), SCALES, TAPS):
        drawn.append(lab_row(unet, branch, pair, scale=scale, taps=taps))
        print(f"samples of {name}, scale {scale}, taps {taps}", flush=True)
    on = {taps: {"on": [*numbers]} for taps, numbers in TAPS.items()}
    axes: Axes = {"pair": PAIRS, "scale": SCALES, "taps": on, "sample": range(SAMPLES)}
    return shades(drawn, axes, levels=LEVELS, settings={"guidance": GUIDANCE, "steps": STEPS, "seed": SEEDS[0]})


def lab_row(unet: UNet, branch: ControlBranch, pair: Mapping[str, Any], *, scale: float, taps: str) -> Tensor:
    """The lab's samples of one setting."""
    hints, text = _hints_and_text(pair)
    return samples(unet, branch, hints, text, scales=at_taps(scale, taps), seed=SEEDS[0])


def guidance_lab(unet: UNet, branch: ControlBranch) -> Samples:
    """The pictures of the lab on guidance."""
    drawn = []
    for (name, pair), way, strength in itertools.product(PAIRS.items(), WAYS[:3], STRENGTHS):
        drawn.append(guidance_row(unet, branch, pair, way=way, strength=strength))
        print(f"samples of {name}, {way}, guidance {strength}", flush=True)
    axes: Axes = {"pair": PAIRS, "way": WAYS[:3], "guidance": STRENGTHS, "sample": range(SAMPLES)}
    return shades(drawn, axes, levels=LEVELS, settings={"steps": STEPS, "seed": SEEDS[0]})


def guidance_row(unet: UNet, branch: ControlBranch, pair: Mapping[str, Any], *, way: str, strength: float) -> Tensor:
    """The samples of one setting of the lab on guidance."""
    hints, text = _hints_and_text(pair)
    return guided_samples(unet, branch, hints, text, way=way, strength=strength, seed=SEEDS[0])


def _hints_and_text(pair: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    drawing = drawings(vendor="noto")[[concept_index(pair["edge map"])] * SAMPLES]
    text = prompts(text_features()[[concept_index(pair["text"])] * SAMPLES])
    return edge_map(turned(drawing, degrees=pair["turned"]) if pair["turned"] else drawing), text


@torch.no_grad()
def _looked(unet: UNet, branch: ControlBranch, clean: Tensor, text: Tensor, *, seed: int = 0, **steering: Any) -> float:
    """The loss with the same four draws of time and noise each time; ``steering`` is ``steered_loss``'s."""
    random = torch.Generator().manual_seed(seed)
    return sum(steered_loss(unet, branch, clean, text, random, **steering).item() for _ in range(4)) / 4


def kept(name: str, make: Callable[[], dict[str, Samples]]) -> dict[str, Samples]:
    """Some of the tables, made once."""
    file = KEPT / f"zero_conv {name}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **packed(make()))
    return unpacked(np.load(file))


def main() -> None:
    """Measure, draw and write."""
    torch.set_num_threads(1)
    unet = frozen()
    branch = pretrained_branch(unet)
    tables = kept("measures", lambda: measures(unet, branch)) | kept("instead", instead)
    tables |= kept("halves", lambda: halves(unet, branch)) | kept("into", lambda: {"into": into(unet, branch)})
    tables |= kept("starts", lambda: {"starts": starts(unet)}) | kept("lab", lambda: {"pictures": lab(unet, branch)})
    tables |= kept("guidance lab", lambda: {"guided pictures": guidance_lab(unet, branch)})
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
