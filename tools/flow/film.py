"""Draw the samples of the lab in which noise becomes a drawing: ``python -m tools.flow.film``. Takes two minutes.

Writes mmnotes/flow/film.npz: for each text of the lab, from the same noise, where the samples are after so many steps,
and what a single leap along the velocity would draw from there.
"""

import torch
from torch import Tensor

from mmnotes.data import concept_index, text_features
from mmnotes.flow import Velocity, euler, guided_by, time_grid
from mmnotes.layers.samples import Axes, packed
from mmnotes.models.generator import pretrained_unet, prompts, to_pictures
from tools.training import shades, write

FILE = "flow/film.npz"
LABELS = ("butterfly", "penguin", "panda", "turtle", "hamburger", "sunflower", "avocado")
GUIDANCE, STEPS, LOOK_EVERY, SAMPLES, SEED = 3.0, 16, 2, 3, 0
LEVELS = 31  # shades of a colour are stored as 0 to 31


@torch.no_grad()
def way(velocity: Velocity, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Points and leaps (looks, samples, 3, 32, 32), values from 0 to 1."""
    times = time_grid(steps=STEPS)
    points, leaps = [noise], []
    for now in range(0, STEPS, LOOK_EVERY):
        x, t = points[-1], times[now]
        leaps.append(x - t * velocity(x, t.expand(len(x))))
        points.append(euler(velocity, x, times[now : now + LOOK_EVERY + 1]))
    return pictures(points), pictures([*leaps, points[-1]])


def pictures(each: list[Tensor]) -> Tensor:
    """What the network's numbers look like."""
    return torch.stack([to_pictures(x) for x in each])


def lab_row(label: str) -> tuple[Tensor, Tensor]:
    """Points and leaps of one text."""
    network = pretrained_unet()
    text = prompts(text_features()[[concept_index(label)] * SAMPLES])
    noise = torch.randn(SAMPLES, 3, 32, 32, generator=torch.Generator().manual_seed(SEED))
    return way(guided_by(network, text, network.nothing, scale=GUIDANCE), noise)


def main() -> None:
    """Draw and write."""
    torch.set_num_threads(1)
    drawn = []
    for label in LABELS:
        drawn.append(lab_row(label))
        print(f"the way to {label}", flush=True)
    points, leaps = zip(*drawn, strict=True)
    axes: Axes = {"concept": LABELS, "step": range(0, STEPS + 1, LOOK_EVERY), "sample": range(SAMPLES)}
    settings = {"guidance": GUIDANCE, "steps": STEPS, "seed": SEED}
    tables = {"points": points, "leaps": leaps}
    write(FILE, packed({what: shades(each, axes, levels=LEVELS, settings=settings) for what, each in tables.items()}))


if __name__ == "__main__":
    main()
