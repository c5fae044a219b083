"""Measure what the chapter says of the trained networks: ``python -m tools.arcface.study``, after training them.

Writes mmnotes/arcface/study.npz: TAR at three FARs on 200 identities that nobody learned, for every way and seed beside
baselines; how often each score occurs; the angles of learned photographs to their own row and to the nearest other;
what the learning rates were chosen by; and the curves of training. Takes a minute on one core.
"""

import torch
from torch import Tensor

from mmnotes.arcface import Pairs, cosines, scored_pairs, tar_at_far
from mmnotes.arcface.pretrained import untrained_net
from mmnotes.data import VENDORS, image_features
from mmnotes.layers.samples import Samples, packed
from tools.arcface.learning import CURVES, RATES, SEEDS, STEPS, WAYS, Learner, Part, features_of, identities, learner
from tools.arcface.learning import photographs as photographs_of
from tools.arcface.train import best_of, tried
from tools.training import write

FILE = "arcface/study.npz"
FARS = (0.1, 0.01, 0.001)
BINS, EVERY, SHADES = 200, 25, 4  # of the cosines from -1 to 1; steps that a point of a curve averages; of a colour
BASELINES = ("pixels", "colours", "random network", "EfficientNet-Lite0")


def baseline(name: str, part: Part, *, seed: int) -> Tensor:
    """What a baseline makes of the photographs of a part (identities, vendors, dim)."""
    pixels = photographs_of(part)
    if name == "pixels":
        return pixels.flatten(2)
    if name == "colours":
        shades = (SHADES * pixels).long().clamp(max=SHADES - 1)
        colour = (shades * torch.tensor([SHADES**2, SHADES, 1])[:, None, None]).sum(2).flatten(2)
        return torch.nn.functional.one_hot(colour, SHADES**3).float().mean(2).sqrt()
    if name == "random network":
        return untrained_net(seed=seed)(pixels.flatten(0, 1)).unflatten(0, pixels.shape[:2])
    return torch.stack([image_features(vendor=vendor)[identities()[part]] for vendor in VENDORS], dim=1)


def pairs_of(way: str, *, seed: int) -> Pairs:
    """The scores of all pairs of the unseen; of a baseline after the mean of the learned is subtracted."""
    if way in BASELINES:
        mean = baseline(way, "learned", seed=seed).mean((0, 1))
        return scored_pairs(baseline(way, "unseen", seed=seed) - mean)
    return scored_pairs(features_of(models()[way, seed], "unseen"))


_MODELS: dict[tuple[str, int], Learner] = {}


def models() -> dict[tuple[str, int], Learner]:
    """Every network at the learning rate that was chosen."""
    if not _MODELS:
        _MODELS.update({(way, seed): learner(way, best_of(way), seed=seed) for way in WAYS for seed in SEEDS})
    return _MODELS


def verification_tables() -> dict[str, Samples]:
    """TAR at every FAR, and for the first seed how many scores fall into each bin."""
    rates, counts = [], []
    for way in (*WAYS, *BASELINES):
        pairs = [pairs_of(way, seed=seed) for seed in SEEDS]
        rates.append(torch.stack([torch.stack([tar_at_far(*each, far=far) for far in FARS]) for each in pairs]))
        counts.append(torch.stack([each.clamp(-1, 1).histc(BINS, -1, 1) for each in pairs[0]]))
        print(f"{way:>20}", *(f"{mean:.3f}" for mean in rates[-1].mean(0)), flush=True)
    edges = tuple(round(-1 + 2 * number / BINS, 4) for number in range(BINS))
    ways = (*WAYS, *BASELINES)
    return {
        "tar": Samples(torch.stack(rates).half(), {"way": ways, "seed": SEEDS, "far": FARS}),
        "counts": Samples(
            torch.stack(counts).int(),
            {"way": ways, "pairs": ("same", "different"), "from": edges},
            settings={"seed": 0},
        ),
    }


def angle_table() -> Samples:
    """Mean angles, in degrees: of learned photographs to their own row and to the nearest other, and between rows."""
    label = torch.arange(len(identities()["learned"])).repeat_interleave(len(VENDORS))
    ways = tuple(way for way in WAYS if way != "InfoNCE")
    rows = []
    for way in ways:
        for seed in SEEDS:
            model = models()[way, seed]
            cosine = cosines(features_of(model, "learned").flatten(0, 1), model.rows)
            own = cosine.gather(1, label[:, None])[:, 0]
            nearest = cosine.scatter(1, label[:, None], -1).amax(1)
            apart = cosines(model.rows, model.rows).fill_diagonal_(-1).amax(1)
            means = [each.clamp(-1, 1).arccos().mean().rad2deg() for each in (own, nearest, apart)]
            rows.append(torch.stack([*means, (own > nearest).float().mean()]))
        print(f"{way:>20}", *(f"{mean:.2f}" for mean in torch.stack(rows[-len(SEEDS) :]).mean(0)), flush=True)
    axes = {"way": ways, "seed": SEEDS, "measure": ("own", "nearest other", "nearest row", "recognised")}
    return Samples(torch.stack(rows).unflatten(0, (len(ways), len(SEEDS))).half(), axes)


def tried_table() -> Samples:
    """What the learning rates were chosen by."""
    table = torch.tensor([[*tried(way).values()] for way in WAYS])
    return Samples(table.half(), {"way": WAYS, "rate": RATES})


def curve_table() -> Samples:
    """The curves, each point the mean of some steps; named by the last of them."""
    steps = tuple(range(EVERY, STEPS + 1, EVERY))
    curves = torch.stack([torch.stack([models()[way, seed].curves for seed in SEEDS]) for way in WAYS])
    points = curves.unflatten(2, (-1, EVERY)).mean(3)
    return Samples(points.half(), {"way": WAYS, "seed": SEEDS, "step": steps, "curve": CURVES})


def main() -> None:
    """Measure everything and write the file."""
    torch.set_num_threads(1)
    tables = {**verification_tables(), "angles": angle_table(), "tried": tried_table(), "curves": curve_table()}
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
