"""Measure what the chapter says of the recipe: ``python -m tools.dinov2.study``, after the chapters before and
``tools.dinov2.train`` and ``tools.dinov2.small``.

Writes mmnotes/dinov2/study.npz: the probes of ``tools.dino.probes`` for each step from DINO to DINOv2, how many
prototypes the targets name and how far apart features are; whether [CLS] and patches agree on where the head they share
should go; and a small student alone beside one that was distilled. Takes minutes on one core.
"""

from copy import deepcopy

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from mmnotes.dino.pretrained import SEEDS
from mmnotes.layers.samples import Samples, packed
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.dino.distilling import STEPS, kept_backbone, views
from tools.dino.probes import by_backbone, features
from tools.dinov2.small import WAYS, trained
from tools.ibot import study as filled
from tools.ibot.distilling import Filled, centred_answers, holes_for, terms
from tools.training import kept_state, write

FILE = "dinov2/study.npz"
LAST, BATCHES, FIRST_SEED = 100, 20, 20_000  # steps of a curve; batches of a gradient
THREE = {"DINO": "dino-exchanged", "iBOT": "ibot-shared-exchanged", "DINOv2": "dinov2-whole"}
ONE = {"two heads": "ibot-own-exchanged", "Sinkhorn": "dinov2-balanced"}
MEASURES = (*filled.MEASURES, "nearest", "in use")


def recipe_table(runs: dict[str, str], seeds: tuple[int, ...]) -> Samples:
    """Every recipe's measures; in use are so many prototypes by a batch's targets at the end of the training."""
    rows = []
    for name, run in runs.items():
        for seed in seeds:
            in_use = kept_state(name=run, seed=seed)["curves"][-LAST:, -1].mean()
            rows.append(torch.cat([measures(kept_backbone(name=run, seed=seed)), in_use[None]]))
        print(name, *(f"{x:.3f}" for x in torch.stack(rows[-len(seeds) :]).mean(0).tolist()))
    table = torch.stack(rows).unflatten(0, (len(runs), len(seeds)))
    return Samples(table.half(), {"recipe": tuple(runs), "seed": seeds, "measure": MEASURES})


def measures(backbone: VisionTransformer) -> Tensor:
    """The measures that a backbone has without its training: the last is how far the unit features of pictures lie from
    the nearest other one.
    """
    unit = normalize(features(by_backbone(backbone), "asked").whole, dim=1)
    apart = torch.cdist(unit, unit).fill_diagonal_(2).amin(1).mean()
    return torch.cat([filled.measures(backbone), apart[None]])


def agreement_table() -> Samples:
    """The cosine of the gradients of both terms at the head they share, before training and after, batch by batch."""
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = Filled(shared=True)
        for step in (0, STEPS):
            if step:
                model.load_state_dict(kept_state(name=THREE["iBOT"], seed=seed))
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
    rows = torch.stack([measures(trained(way)) for way in WAYS])
    for way, each in zip(WAYS, rows, strict=True):
        print(f"small, {way}", *(f"{x:.3f}" for x in each.tolist()))
    return Samples(rows.half(), {"way": WAYS, "measure": MEASURES[:-1]})


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    tables = {
        "three seeds": recipe_table(THREE, SEEDS),
        "one seed": recipe_table(ONE, (0,)),
        "agreement": agreement_table(),
        "small": small_table(),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
