"""Measure what the chapter says of its trained backbones: ``python -m tools.ibot.study``, after ``tools.dino.train``
and ``tools.ibot.train``.

Writes mmnotes/ibot/study.npz: attention against masks and what features tell, by the probes of ``tools.dino.probes``,
for DINO and iBOT on one ground and on two, three seeds each, and for one run in which patches have a head of their own.
Takes minutes on one core.
"""

import torch
from torch import Tensor

from mmnotes.dino.pretrained import SEEDS, untrained_backbone
from mmnotes.layers.samples import Samples, packed
from mmnotes.layers.vision_transformer import VisionTransformer
from tools.dino import train as dino
from tools.dino.distilling import STEPS
from tools.dino.probes import (
    ATTENTION,
    FEATURES,
    attention_measures,
    by_backbone,
    drawn,
    feature_measures,
    heads_of,
)
from tools.ibot import train as ibot
from tools.training import write

FILE = "ibot/study.npz"
MEASURES = (*ATTENTION[:3], *FEATURES)
FILES = {
    "random": lambda seed: dino.snapshot("exchanged", seed, 0),
    "DINO, same": lambda seed: dino.snapshot("same", seed, STEPS),
    "iBOT, same": lambda seed: ibot.snapshot("shared", "same", seed),
    "DINO, exchanged": lambda seed: dino.snapshot("exchanged", seed, STEPS),
    "iBOT, exchanged": lambda seed: ibot.snapshot("shared", "exchanged", seed),
}
OWN = ("own", "exchanged", 0)


def measures(backbone: VisionTransformer) -> Tensor:
    """All of ``MEASURES`` of a backbone."""
    maps = heads_of(backbone, drawn("looked").pixels())
    return torch.cat([attention_measures(maps)[:3], feature_measures(by_backbone(backbone))])


def backbone_of(file: object) -> VisionTransformer:
    """What a run kept."""
    model = untrained_backbone()
    model.load_state_dict(torch.load(file, weights_only=True))
    return model.requires_grad_(False)


def main() -> None:
    """Measure and write the file."""
    torch.set_num_threads(1)
    rows = torch.stack([torch.stack([measures(backbone_of(at(seed))) for seed in SEEDS]) for at in FILES.values()])
    own = measures(backbone_of(ibot.snapshot(*OWN)))
    for name, each in zip(FILES, rows, strict=True):
        print(name, *(f"{x:.3f}" for x in each.mean(0).tolist()))
    print("own head", *(f"{x:.3f}" for x in own.tolist()))
    axes = {"way": tuple(FILES), "seed": SEEDS, "measure": MEASURES}
    tables = {
        "measures": Samples(rows.half(), axes),
        "own head": Samples(own.half(), {"measure": MEASURES}),
    }
    write(FILE, packed(tables))


if __name__ == "__main__":
    main()
