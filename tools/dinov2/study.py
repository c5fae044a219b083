"""Measure what the chapter says of the recipe: ``python -m tools.dinov2.study``, after ``tools.ibot.study``,
``tools.dinov2.train``, ``tools.dinov2.small`` and ``tools.dinov2.resolution``.

Writes mmnotes/dinov2/study.npz: the probes of ``tools.dino.probes`` for each step from DINO to DINOv2, how many
prototypes the targets name and how far apart features are; whether [CLS] and patches agree on where the head they share
should go; a small student alone beside one that was distilled; and what a short phase at a higher resolution does.
Three seeds each. Takes minutes on one core.
"""

from copy import deepcopy

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from mmnotes.dino.pretrained import SEEDS
from mmnotes.layers.samples import Samples, packed, stored_samples
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
from tools.dinov2.small import WAYS
from tools.ibot import study as filled
from tools.ibot.distilling import Filled, centred_answers, holes_for, terms
from tools.training import kept_state, write

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


def recipe_table() -> Samples:
    """Every recipe's measures; in use are so many prototypes by a batch's targets at the end of the training."""
    rows = []
    for recipe, run in RUNS.items():
        for seed in SEEDS:
            backbone = kept_backbone(name=run, seed=seed)
            in_use = kept_state(name=run, seed=seed)["curves"][-LAST:, -1].mean()
            found = measured_before(KNOWN[recipe], seed) if recipe in KNOWN else filled.measures(backbone)
            rows.append(torch.cat([found, apart(backbone)[None], in_use[None]]))
        show(recipe, torch.stack(rows[-len(SEEDS) :]).mean(0))
    table = torch.stack(rows).unflatten(0, (len(RUNS), len(SEEDS)))
    return Samples(table.half(), {"recipe": tuple(RUNS), "seed": SEEDS, "measure": MEASURES})


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
    rows = []
    for way in WAYS:
        backbones = [kept_backbone(name=f"small-{way}", seed=seed) for seed in SEEDS]
        rows.append(torch.stack([filled.measures(each) for each in backbones]))
        show(f"small, {way}", rows[-1].mean(0))
    return Samples(torch.stack(rows).half(), {"way": WAYS, "seed": SEEDS, "measure": filled.MEASURES})


def resolution_table() -> Samples:
    """The whole recipe and what became of it in as many more steps at each resolution, seen at each resolution."""
    runs = {"before": RUNS["DINOv2"]} | {str(size): f"dinov2-at-{size}" for size in SIZES}
    rows = []
    for way, run in runs.items():
        found = [[seen_at(kept_backbone(name=run, seed=seed), size) for size in SIZES] for seed in SEEDS]
        rows.append(torch.stack([torch.stack(each) for each in found]))
        show(f"phase {way}", rows[-1].mean(0).flatten())
    return Samples(torch.stack(rows).half(), {"phase": tuple(runs), "seed": SEEDS, "size": SIZES, "measure": SEEN})


def seen_at(backbone: VisionTransformer, size: int) -> Tensor:
    """The measures of ``SEEN`` of pictures that are enlarged to this size."""
    lift = attention_measures(heads_of(backbone, enlarged(drawn("looked").pixels(), size)))[1]
    return torch.stack([lift, *patch_measures(at_size(by_backbone(backbone), size))])


def show(name: str, row: Tensor) -> None:
    """A line of numbers."""
    print(f"{name:>20}", *(f"{x:.3f}" for x in row.tolist()), flush=True)


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
