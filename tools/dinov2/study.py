"""Measure what the chapter says of the recipe: ``python -m tools.dinov2.study``, after ``tools.ibot.study``,
``tools.dinov2.train``, ``tools.dinov2.small`` and ``tools.dinov2.resolution``.

Writes mmnotes/dinov2/study.npz: the probes of ``tools.dino.probes`` for each step from DINO to DINOv2, how many
prototypes the targets name and how far apart features are; whether [CLS] and patches agree on where the head they share
should go; a small student alone beside one that was distilled; and what a short phase at a higher resolution does.
Three seeds each. Takes minutes on one core.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from mmnotes.dino.pretrained import SEEDS
from mmnotes.layers.samples import Axes, Samples, packed, stored_samples
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.dino.distilling import STEPS, kept_backbone, views
from tools.dino.probes import (
    at_size,
    attention_measures,
    by_backbone,
    drawn,
    enlarged,
    features,
    heads_of,
    patch_measures,
)
from tools.dinov2.resolution import SIZES
from tools.dinov2.resolution import STEPS as PHASE
from tools.dinov2.small import WAYS, Small
from tools.ibot import study as filled
from tools.ibot.distilling import Filled, centred_answers, holes_for, terms
from tools.training import check_whole, kept_state, write

FILE = "dinov2/study.npz"
LAST, BATCHES, FIRST_SEED = 100, 20, 20_000  # steps of a curve; batches of a gradient
RUNS = {
    "DINO": "dino-exchanged",
    "iBOT": "ibot-shared-exchanged",
    "two heads": "ibot-own-exchanged",
    "Sinkhorn": "dinov2-balanced",
    "DINOv2": "dinov2-whole",
}
KNOWN = {"DINO": "DINO, exchanged", "iBOT": "iBOT, exchanged", "two heads": "own head, exchanged"}
MEASURES = (*filled.MEASURES, "nearest", "in use")
SEEN = ("lift", "patch iou", "patch auc")  # of a phase at another resolution


def by_seed(measured: Callable[[int], Tensor], run: str, *, steps: int = STEPS) -> Tensor:
    """What is measured of a run's seeds, one after the other."""
    for seed in SEEDS:
        check_whole(name=run, seed=seed, steps=steps)
    found = torch.stack([measured(seed) for seed in SEEDS])
    print(f"{run}:", *(f"{x:.3f}" for x in found.mean(0).flatten()), flush=True)
    return found


def recipe_table() -> Samples:
    """Every recipe's measures."""
    rows = torch.stack([by_seed(partial(recipe_measures, recipe), run) for recipe, run in RUNS.items()])
    return Samples(rows.half(), {"recipe": tuple(RUNS), "seed": SEEDS, "measure": MEASURES})


def recipe_measures(recipe: str, seed: int) -> Tensor:
    """All of ``MEASURES``; in use are so many prototypes by a batch's targets at the end of the training."""
    backbone = kept_backbone(name=RUNS[recipe], seed=seed)
    in_use = kept_state(name=RUNS[recipe], seed=seed)["curves"][-LAST:, -1].mean()
    found = measured_before(KNOWN[recipe], seed) if recipe in KNOWN else filled.measures(backbone)
    return torch.cat([found, apart(backbone)[None], in_use[None]])


def measured_before(way: str, seed: int) -> Tensor:
    """The measures of a way of iBOT's study."""
    found: Tensor = stored_samples("mmnotes.ibot", "study.npz")["measures"].at(way=way, seed=seed).float()
    return found


def apart(backbone: VisionTransformer) -> Tensor:
    """How far the unit features of pictures lie from the nearest other one."""
    unit = normalize(features(by_backbone(backbone), "asked").whole, dim=1)
    return torch.cdist(unit, unit).fill_diagonal_(2).amin(1).mean()


def agreement_table() -> Samples:
    """The cosine of the gradients of both terms at the head they share, before training and after, batch by batch."""
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = Filled(shared=True)
        for step in (0, STEPS):
            if step:
                model.load_state_dict(kept_state(name=RUNS["iBOT"], seed=seed))
            found.append(torch.tensor([agreement(model, batch) for batch in range(BATCHES)]))
        print(f"gradients of seed {seed} agree:", *(f"{each.mean():.2f}" for each in found[-2:]))
    table = torch.stack(found).unflatten(0, (len(SEEDS), 2))
    return Samples(table, {"seed": SEEDS, "step": (0, STEPS), "batch": tuple(range(BATCHES))})


def agreement(model: Filled, batch: int) -> float:
    """The cosine of one batch."""
    random, tried = torch.Generator().manual_seed(FIRST_SEED + batch), deepcopy(model)  # whose centres may move
    crops = views(random, exchanged=True)
    both = terms(tried, crops, holes_for(crops, random), answers=centred_answers)
    weights = [*tried.student["head"].parameters()]
    slopes = [
        torch.cat([each.flatten() for each in torch.autograd.grad(term, weights, retain_graph=True)])
        for term in (both.cls, both.patch)
    ]
    return float(cosine_similarity(*slopes, dim=0))


def small_table() -> Samples:
    """A small student alone and distilled."""
    rows = torch.stack([by_seed(partial(small_measures, f"small-{way}"), f"small-{way}") for way in WAYS])
    return Samples(rows.half(), {"way": WAYS, "seed": SEEDS, "measure": filled.MEASURES})


def small_measures(run: str, seed: int) -> Tensor:
    """The measures of a small network's average."""
    model = Small()
    model.load_state_dict(kept_state(name=run, seed=seed))
    return filled.measures(model.requires_grad_(False).teacher["backbone"])


def resolution_table() -> Samples:
    """The whole recipe and what became of it in as many more steps at each resolution, seen at each resolution."""
    runs = {RUNS["DINOv2"]: STEPS, **{f"dinov2-at-{size}": PHASE for size in SIZES}}
    rows = torch.stack([by_seed(partial(seen_at_all, run), run, steps=steps) for run, steps in runs.items()])
    axes: Axes = {"phase": ("none", *map(str, SIZES)), "seed": SEEDS, "size": SIZES, "measure": SEEN}
    return Samples(rows.half(), axes)


def seen_at_all(run: str, seed: int) -> Tensor:
    """The measures of ``SEEN`` at each of ``SIZES``."""
    backbone = kept_backbone(name=run, seed=seed)
    return torch.stack([seen_at(backbone, size) for size in SIZES])


def seen_at(backbone: VisionTransformer, size: int) -> Tensor:
    """The measures of ``SEEN`` of pictures that are enlarged to this size."""
    lift = attention_measures(heads_of(backbone, enlarged(drawn("looked").pixels(), size)))[1]
    return torch.stack([lift, *patch_measures(at_size(by_backbone(backbone), size))])


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    tables = {
        "recipes": recipe_table(),
        "agreement": agreement_table(),
        "small": small_table(),
        "resolution": resolution_table(),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
