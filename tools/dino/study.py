"""Measure what the chapter says of the trained backbones: ``python -m tools.dino.study``, after ``tools.dino.train``.

Writes mmnotes/dino/study.npz: how well the attention of [CLS] finds objects that no run has seen, and what its and its
patches' features tell, for both recipes and three seeds, before and after training, beside pixels, colours and
EfficientNet-Lite0; what the nearest neighbours of a patch lie on; the curves of the loss, the targets' entropy and the
prototypes in use; those of a run with a warmer teacher; and the attention of every head on a few scenes as training
goes on. Takes minutes on one core.
"""

import sys
from collections.abc import Callable

import torch
from torch import Tensor

from mmnotes.dino.pretrained import GROUNDS, SEEDS
from mmnotes.layers.samples import Samples, packed
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.dino.distilling import CURVES, STEPS, frozen_backbone, kept_backbone
from tools.dino.neighbours import MEASURES, by_chance, neighbour_measures, shown_tables
from tools.dino.probes import (
    ATTENTION,
    COUNTS,
    FEATURES,
    GRID,
    GROUPS,
    Eye,
    attention_measures,
    bright_map,
    busy_map,
    by_backbone,
    by_colours,
    by_efficientnet,
    by_pixels,
    drawn,
    feature_measures,
    groups_of,
    heads_of,
    middle_map,
)
from tools.dino.train import SNAPSHOTS, WARM, WARM_TAU, snapshot
from tools.training import check_whole, kept_state, write

FILE = "dino/study.npz"
WAYS = ("random", *GROUNDS)
OTHERS: dict[str, Eye] = {"pixels": by_pixels, "colours": by_colours, "EfficientNet-Lite0": by_efficientnet}
MAPS = {"middle": middle_map, "busy patches": busy_map, "bright patches": bright_map}
SHOWN, EVERY, LEVELS = 6, 10, 255  # scenes; steps that a point of a curve averages; of attention
LEAST = 0.15  # of a scene that is shown, covered by its object


def backbone_of(way: str, seed: int, step: int = STEPS) -> VisionTransformer:
    """The teacher's backbone of a run at a step; the random one is where both recipes of a seed start."""
    file = snapshot(GROUNDS[0], seed, 0) if way == "random" else snapshot(way, seed, step)
    return frozen_backbone(torch.load(file, weights_only=True))


def finished() -> tuple[int, ...]:
    """The seeds of which both runs are whole."""
    return tuple(seed for seed in SEEDS if all(snapshot(ground, seed, STEPS).exists() for ground in GROUNDS))


def attention_table(seeds: tuple[int, ...]) -> Samples:
    """Every way's attention against the masks; the maps that no network made have one row for all seeds."""
    rows = []
    for way in WAYS:
        maps = (heads_of(backbone_of(way, seed), drawn("looked").pixels()) for seed in seeds)
        rows.append(torch.stack([attention_measures(each) for each in maps]))
        show(way, rows[-1])
    for name, made in MAPS.items():
        rows.append(attention_measures(made()).expand(len(seeds), -1))
        show(name, rows[-1])
    return Samples(torch.stack(rows).half(), {"way": (*WAYS, *MAPS), "seed": seeds, "measure": ATTENTION})


def by_every_eye(measured: Callable[[Eye], Tensor], seeds: tuple[int, ...]) -> Tensor:
    """What is measured of every way, seed by seed, and of others (ways, seeds, measures)."""
    rows = []
    for way in WAYS:
        rows.append(torch.stack([measured(by_backbone(backbone_of(way, seed))) for seed in seeds]))
        show(way, rows[-1])
    for name, eye in OTHERS.items():
        rows.append(measured(eye).expand(len(seeds), -1))
        show(name, rows[-1])
    return torch.stack(rows)


def feature_table(seeds: tuple[int, ...]) -> Samples:
    """What the features of every way tell, and those of others; chance is in the settings."""
    rows = by_every_eye(feature_measures, seeds)
    largest = groups_of(drawn("asked")).bincount().max().item() / COUNTS["asked"]
    settings = {"largest group": largest, "groups": len(GROUPS)}
    axes = {"way": (*WAYS, *OTHERS), "seed": seeds, "measure": FEATURES}
    return Samples(rows.half(), axes, settings=settings)


def neighbour_tables(seeds: tuple[int, ...]) -> dict[str, Samples]:
    """What the nearest patches of every way are, and those of others; some are kept to be shown, of the first seed."""
    rows = by_every_eye(neighbour_measures, seeds)
    axes = {"way": (*WAYS, *OTHERS), "seed": seeds, "measure": MEASURES}
    eyes = {way: by_backbone(backbone_of(way, seeds[0])) for way in WAYS} | OTHERS
    table = Samples(rows.half(), axes, settings=by_chance())
    return {"neighbours": table, **shown_tables(eyes, scenes_to_show())}


def curve_tables(seeds: tuple[int, ...]) -> dict[str, Samples]:
    """The curves, each point the mean of some steps; named by the last of them."""
    steps = tuple(range(EVERY, STEPS + 1, EVERY))
    curves = torch.stack([torch.stack([curve(ground, seed) for seed in seeds]) for ground in GROUNDS])
    return {
        "curves": Samples(curves.half(), {"ground": GROUNDS, "seed": seeds, "step": steps, "curve": CURVES}),
        WARM: Samples(curve(WARM, 0).half(), {"step": steps, "curve": CURVES}, settings=warm_settings()),
    }


def curve(name: str, seed: int) -> Tensor:
    """What a run noted, in means of some steps."""
    check_whole(name=f"dino-{name}", seed=seed, steps=STEPS)
    return kept_state(name=f"dino-{name}", seed=seed)["curves"].unflatten(0, (-1, EVERY)).mean(1)


def warm_settings() -> dict[str, float]:
    """The temperature of the warmer teacher, and how well its attention finds objects in the end."""
    backbone = kept_backbone(name=f"dino-{WARM}", seed=0)
    found = attention_measures(heads_of(backbone, drawn("looked").pixels())).tolist()
    return {"tau": WARM_TAU, "auc": found[0], "lift": found[1]}


def growth_tables(seed: int = 0) -> dict[str, Samples]:
    """The attention of every head of the first seed as training goes on: maps on a few scenes, measures on the set.

    A map is stored in shares of its largest entry.
    """
    chosen = scenes_to_show()
    pixels, maps, measures = drawn("looked").pixels(), [], []
    for ground in GROUNDS:
        for step in SNAPSHOTS:
            heads = heads_of(backbone_of(ground, seed, step), pixels)
            each = torch.stack([attention_measures(heads[:, [head]])[:3] for head in range(heads.shape[1])])
            measures.append(torch.cat([each, attention_measures(heads)[:3][None]]))
            shown = heads[chosen]
            maps.append((LEVELS * shown / shown.amax((2, 3), keepdim=True)).round().to(torch.uint8))
    names = tuple(str(head) for head in range(maps[0].shape[1]))
    shape = (len(GROUNDS), len(SNAPSHOTS))
    axes: dict[str, tuple[str | int, ...]] = {"ground": GROUNDS, "step": SNAPSHOTS}
    places: dict[str, tuple[str | int, ...]] = {"scene": tuple(chosen), "head": names}
    return {
        "maps": Samples(torch.stack(maps).unflatten(0, shape), {**axes, **places}, levels=LEVELS),
        "growth": Samples(
            torch.stack(measures).unflatten(0, shape).half(),
            {**axes, "head": (*names, "mean"), "measure": ATTENTION[:3]},
        ),
    }


def scenes_to_show() -> list[int]:
    """The first scenes of the set to look at whose objects are not small."""
    large = drawn("looked").masks().float().mean((1, 2)) > LEAST
    chosen: list[int] = large.nonzero()[:SHOWN, 0].tolist()
    return chosen


def show(name: str, rows: Tensor) -> None:
    """Mean and spread over the seeds, a measure after another."""
    means, spreads = rows.mean(0).tolist(), (rows.amax(0) - rows.amin(0)).tolist()
    cells = (f"{mean:.3f} ({spread:.3f})" for mean, spread in zip(means, spreads, strict=True))
    print(f"{name:>20}: {'  '.join(cells)}", flush=True)


def main() -> None:
    """Measure the seeds whose runs are whole; write the file if all are."""
    torch.set_num_threads(1)
    seeds = finished()
    print(f"seeds {seeds}; attention: {', '.join(ATTENTION)}; mean and range over seeds")
    tables = {"attention": attention_table(seeds)}
    print(f"features: {', '.join(FEATURES)}")
    tables |= {"features": feature_table(seeds), **curve_tables(seeds), **growth_tables()}
    print(f"nearest patches: {', '.join(MEASURES)}; by chance {by_chance()}")
    tables |= neighbour_tables(seeds)
    if seeds != SEEDS:
        sys.exit(f"only the seeds {seeds} are whole; nothing is written")
    assert tables["maps"].stored.shape[-1] == GRID
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
