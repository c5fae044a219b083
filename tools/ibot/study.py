"""Measure what the chapter says of its trained backbones: ``python -m tools.ibot.study``, after ``tools.dino.train``
and ``tools.ibot.train``.

Writes mmnotes/ibot/study.npz: attention against masks and what features tell, by the probes of ``tools.dino.probes``,
for DINO and iBOT on one ground and on two, three seeds each, and for one run in which patches have a head of their own.
Takes minutes on one core.
"""

import torch
from torch import Tensor

from mmnotes.dino.pretrained import SEEDS
from mmnotes.layers.samples import Samples, packed
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.dino.distilling import kept_backbone
from tools.dino.probes import (
    ATTENTION,
    FEATURES,
    attention_measures,
    by_backbone,
    drawn,
    feature_measures,
    heads_of,
)
from tools.dino.study import backbone_of
from tools.training import write

FILE = "ibot/study.npz"
MEASURES = (*ATTENTION[:3], *FEATURES)
RUNS = {
    "DINO, same": "dino-same",
    "iBOT, same": "ibot-shared-same",
    "DINO, exchanged": "dino-exchanged",
    "iBOT, exchanged": "ibot-shared-exchanged",
}
OWN = "ibot-own-exchanged"


def measures(backbone: VisionTransformer) -> Tensor:
    """All of ``MEASURES`` of a backbone."""
    maps = heads_of(backbone, drawn("looked").pixels())
    return torch.cat([attention_measures(maps)[:3], feature_measures(by_backbone(backbone))])


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    found = {"random": torch.stack([measures(backbone_of("random", seed)) for seed in SEEDS])}
    for way, name in RUNS.items():
        found[way] = torch.stack([measures(kept_backbone(name=name, seed=seed)) for seed in SEEDS])
    own = measures(kept_backbone(name=OWN, seed=0))
    for name, each in found.items():
        print(name, *(f"{x:.3f}" for x in each.mean(0).tolist()))
    print("own head", *(f"{x:.3f}" for x in own.tolist()))
    axes = {"way": tuple(found), "seed": SEEDS, "measure": MEASURES}
    tables = {
        "measures": Samples(torch.stack([*found.values()]).half(), axes),
        "own head": Samples(own.half(), {"measure": MEASURES}),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
