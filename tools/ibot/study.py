"""Measure what the chapter says of its trained backbones: ``python -m tools.ibot.study``, after ``tools.dino.study``,
``tools.ibot.train`` and ``tools.ibot.size``.

Writes mmnotes/ibot/study.npz: attention against masks and what features tell, by the probes of ``tools.dino.probes``,
for DINO and iBOT on one ground and on two and for iBOT with a head of its own for patches, three seeds each; and for
both with a larger network, one seed. Takes minutes on one core.
"""

import torch
from torch import Tensor

from mmnotes.dino.pretrained import SEEDS, untrained_backbone
from mmnotes.layers.samples import Samples, packed, stored_samples
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.dino.distilling import STEPS, kept_backbone
from tools.dino.probes import (
    ATTENTION,
    FEATURES,
    attention_measures,
    by_backbone,
    drawn,
    feature_measures,
    heads_of,
)
from tools.ibot import size
from tools.training import check_whole, write

FILE = "ibot/study.npz"
MEASURES = (*ATTENTION[:3], *FEATURES)
KNOWN = {"random": "random", "DINO, same": "same", "DINO, exchanged": "exchanged"}  # to the study of DINO
RUNS = {
    "iBOT, same": "ibot-shared-same",
    "iBOT, exchanged": "ibot-shared-exchanged",
    "own head, exchanged": "ibot-own-exchanged",
}
ORDER = "random", "DINO, same", "iBOT, same", "DINO, exchanged", "iBOT, exchanged", "own head, exchanged"


def measures(backbone: VisionTransformer) -> Tensor:
    """All of ``MEASURES`` of a backbone."""
    maps = heads_of(backbone, drawn("looked").pixels())
    return torch.cat([attention_measures(maps)[:3], feature_measures(by_backbone(backbone))])


def measured_before(way: str) -> Tensor:
    """All of ``MEASURES`` (seeds, measures) of a way of DINO's study."""
    study = stored_samples("mmnotes.dino", "study.npz")
    found = (study["attention"].at(way=way, measure=ATTENTION[:3]), study["features"].at(way=way, measure=FEATURES))
    return torch.cat(found, 1).float()


def whole_backbone(name: str, seed: int) -> VisionTransformer:
    """The teacher's backbone of a run that is trained to its end."""
    check_whole(name=name, seed=seed, steps=STEPS)
    return kept_backbone(name=name, seed=seed)


def seeds_table() -> Samples:
    """Every way's measures, seed by seed."""
    found = {way: measured_before(name) for way, name in KNOWN.items()}
    for way, name in RUNS.items():
        found[way] = torch.stack([measures(whole_backbone(name, seed)) for seed in SEEDS])
    for way in ORDER:
        show(way, found[way].mean(0))
    rows = torch.stack([found[way] for way in ORDER])
    return Samples(rows.half(), {"way": ORDER, "seed": SEEDS, "measure": MEASURES})


def large_table() -> Samples:
    """The measures of the larger network, untrained and by both recipes."""
    torch.manual_seed(size.SEED)
    found = {"random": measures(untrained_backbone(**size.LARGE))}
    for way, name in size.RUNS.items():
        found[way] = measures(whole_backbone(name, size.SEED))
    for way, each in found.items():
        show(f"large, {way}", each)
    rows = torch.stack([*found.values()])
    return Samples(rows.half(), {"way": tuple(found), "measure": MEASURES}, settings=size.LARGE)


def show(name: str, row: Tensor) -> None:
    """A line of numbers."""
    print(f"{name:>27}", *(f"{x:.3f}" for x in row.tolist()), flush=True)


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    print(f"{'':>27}", *MEASURES)
    write(FILE, packed({"measures": seeds_table(), "large": large_table()}))


if __name__ == "__main__":
    main()
