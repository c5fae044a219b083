"""Watch a control branch learn, at two rates and in two places: ``python -m tools.zero_conv.film``.

Writes mmnotes/zero_conv/film.npz: at a handful of steps, on half of the held-out drawings, how much lower the loss is
with the right edge map than with another concept's, how well samples follow the edge map, and a few of them. The rate
stays as it is, without a warm-up, so that the two differ in it alone. A third branch learns to add its residuals to
the encoder's stream. Takes twelve minutes on one core, and goes on after an interruption.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mmnotes.data import drawings, text_features
from mmnotes.flow import flow_loss, guided_by, on_path
from mmnotes.layers.samples import Samples, packed
from mmnotes.layers.unet import UNet
from mmnotes.models.generator import prompts, to_network
from mmnotes.zero_conv import ControlBranch, edge_f1, edge_map
from mmnotes.zero_conv.pretrained import untrained_branch
from tools.flow.train import held_out
from tools.training import KEPT, pictures_along, shades, train_, write
from tools.zero_conv.train import PLACES, Lessons, frozen

FILE = "zero_conv/film.npz"
RUNS: dict[str, dict[str, Any]] = {
    "rate 0.0015": {"rate": 1.5e-3, "into": "skips", "until": 800},
    "rate 0.00015": {"rate": 1.5e-4, "into": "skips", "until": 800},
    "stream": {"rate": 1.5e-3, "into": "stream", "until": 400},
}
LOOKS = (0, 25, 50, 100, 200, 400, 800)
SHOWN, EVERY, SEED = 4, 2, 0  # samples kept of each look, of the held-out every so many are measured
GUIDANCE, STEPS, DRAWS, LEVELS = 2.0, 10, 4, 31
MEASURES = ("loss", "loss with another", "agreement")


@torch.no_grad()
def looked(unet: UNet, branch: ControlBranch, *, into: str) -> tuple[Tensor, Tensor]:
    """The three measures, and the first samples."""
    places = held_out()[::EVERY]
    real, text = drawings(vendor="noto")[places], prompts(text_features()[places])
    lines, scales = edge_map(real), [1.0] * len(branch.taps)
    right, wrong = (
        PLACES[into](unet, branch, each.float(), scales=scales) for each in (lines, lines.roll(len(places) // 2, 0))
    )
    losses = [held_out_loss(network, to_network(real), text) for network in (right, wrong)]
    pictures = pictures_along(guided_by(right, text, unet.nothing, scale=GUIDANCE), len(real), steps=STEPS, seed=SEED)
    return torch.tensor([*losses, edge_f1(edge_map(pictures), lines).mean()]), pictures[:SHOWN]


def held_out_loss(network: Callable[..., Tensor], data: Tensor, text: Tensor) -> float:
    """The flow loss with the same few draws of time and noise each time."""
    random, losses = torch.Generator().manual_seed(SEED), []
    for _ in range(DRAWS):
        t, noise = torch.randn(len(data), generator=random).sigmoid(), torch.randn(data.shape, generator=random)
        losses.append(flow_loss(network(on_path(data, noise, t), t, text), data, noise).item())
    return sum(losses) / DRAWS


def film(unet: UNet, lessons: Lessons, run: str) -> dict[int, tuple[Tensor, Tensor]]:
    """What is seen at each step of a run."""
    torch.manual_seed(SEED)
    branch = untrained_branch(unet).to(memory_format=torch.channels_last)
    rate, into, until = (RUNS[run][key] for key in ("rate", "into", "until"))
    optimiser = torch.optim.AdamW(branch.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.99), fused=True)

    def loss_of(random: torch.Generator) -> Tensor:
        return lessons.loss(branch, random, steer=PLACES[into])

    seen: dict[int, tuple[Tensor, Tensor]] = {}
    kept = KEPT / f"film {run}.seen"
    if kept.exists():
        seen = torch.load(kept, weights_only=True)
    for step in (each for each in LOOKS if each <= until and each not in seen):
        train_(branch, optimiser, loss_of, lambda _: rate, name=f"film {run}", steps=step, seed=SEED)
        seen[step] = looked(unet, branch, into=into)
        print(f"{run}, step {step}: {seen[step][0].tolist()}", flush=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        torch.save(seen, kept)
    return seen


def main() -> None:
    """Train, look and write."""
    torch.set_num_threads(1)
    unet = frozen()
    lessons = Lessons(unet)
    films = {run: film(unet, lessons, run) for run in RUNS}
    rates = [run for run in RUNS if RUNS[run]["into"] == "skips"]
    measured = torch.stack([torch.stack([films[run][step][0] for step in LOOKS]) for run in rates])
    last = RUNS["stream"]["until"]
    placed = torch.stack([films[run][last][0] for run in (rates[0], "stream")])
    pictures = [films[run][step][1] for run in rates for step in LOOKS]
    axes = {"run": rates, "step": LOOKS}
    tables = {
        "measures": Samples(measured, axes | {"measure": MEASURES}),
        "into": Samples(placed, {"into": [*PLACES], "measure": MEASURES}, settings={"step": last}),
        "pictures": shades(pictures, axes | {"sample": range(SHOWN)}, levels=LEVELS, settings={"guidance": GUIDANCE}),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
