"""Measure what the chapter says of the trained networks: ``python -m tools.arcface.study``, after training them.

Writes mmnotes/arcface/study.npz: TAR at three FARs on 200 identities that nobody learned, for every way and seed beside
baselines; how often each score occurs; the angles of learned photographs to their own row and to the nearest other;
what the learning rates were chosen by; and the curves of training. Takes a minute on one core.
"""

from itertools import product

import torch
from torch import Tensor

from mmnotes.arcface import Pairs, cosines, scored_pairs, tar_at_far
from mmnotes.arcface.pretrained import untrained_net
from mmnotes.data import VENDORS, image_features
from mmnotes.layers.samples import Samples, packed
from tools.arcface.learning import CURVES, RATES, SEEDS, STEPS, WAYS, Part, features_of, identities, learner
from tools.arcface.learning import photographs as photographs_of
from tools.arcface.train import best_of, tried
from tools.training import write

FILE = "arcface/study.npz"
FARS = (0.1, 0.01, 0.001)
BINS, EVERY, SHADES = 200, 25, 4  # of the cosines from -1 to 1; steps that a point of a curve averages; of a colour
CLASSIFIERS = tuple(way for way in WAYS if way != "InfoNCE")  # the ways that have rows
MEASURES = ("own", "nearest other", "nearest row", "recognised")
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
    return scored_pairs(features_of(learner(way, best_of(way), seed=seed), "unseen"))


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
    """Mean angles at both learning rates, in degrees: of learned photographs to their own row and to the nearest other,
    and from one row to the nearest; and the share of photographs that are nearest to their own row.
    """
    label = torch.arange(len(identities()["learned"])).repeat_interleave(len(VENDORS))
    rows = []
    for way, highest in product(CLASSIFIERS, RATES):
        for seed in SEEDS:
            model = learner(way, highest, seed=seed)
            cosine = cosines(features_of(model, "learned").flatten(0, 1), model.rows)
            own = cosine.gather(1, label[:, None])[:, 0]
            nearest = cosine.scatter(1, label[:, None], -1).amax(1)
            apart = cosines(model.rows, model.rows).fill_diagonal_(-1).amax(1)
            means = [each.clamp(-1, 1).arccos().mean().rad2deg() for each in (own, nearest, apart)]
            rows.append(torch.stack([*means, (own > nearest).float().mean()]))
        print(f"{way:>17} {highest}", *(f"{mean:.2f}" for mean in torch.stack(rows[-3:]).mean(0)), flush=True)
    shape = (len(CLASSIFIERS), len(RATES), len(SEEDS))
    axes = {"way": CLASSIFIERS, "rate": RATES, "seed": SEEDS, "measure": MEASURES}
    return Samples(torch.stack(rows).unflatten(0, shape).half(), axes)


def tried_table() -> Samples:
    """What the learning rates were chosen by."""
    table = torch.tensor([[*tried(way).values()] for way in WAYS])
    return Samples(table.half(), {"way": WAYS, "rate": RATES})


def curve_table() -> Samples:
    """The curves at the higher learning rate, each point the mean of some steps; named by the last of them."""
    steps = tuple(range(EVERY, STEPS + 1, EVERY))
    curves = torch.stack([torch.stack([learner(way, RATES[1], seed=s).curves for s in SEEDS]) for way in CLASSIFIERS])
    points = curves.unflatten(2, (-1, EVERY)).mean(3)
    return Samples(points.half(), {"way": CLASSIFIERS, "seed": SEEDS, "step": steps, "curve": CURVES})


def main() -> None:
    """Measure everything and write the file."""
    torch.set_num_threads(1)
    tables = {**verification_tables(), "angles": angle_table(), "tried": tried_table(), "curves": curve_table()}
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
