"""Train the three readouts apart, each on a tower of its own, and write mmnotes/clip/apart.npz.

For each seed the three runs start from the same weights and see the same batches in the same order, for the same
number of steps; they differ in the readout that the loss goes through, and in nothing else. Stored are the ranks: the
place of the right caption among those of the same split, for every picture, and the losses of the first steps, from
which a test sees that the script still does what it did.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmnotes.clip.pretrained import untrained_clip
from mmnotes.data import VENDORS, concepts, drawings, word_ids
from tools.clip.train import END, RATE, loss_through, optimiser_of, readouts, token_ids
from tools.training import one_step, rate, train_, write

FILE = "clip/apart.npz"
RULES, SEEDS, STEPS, WARM_UP, FIRST = ("[CLS]", "mean", "attention"), (0, 1), 300, 50, 3


def start(seed: int) -> nn.ModuleDict:
    """The weights from which all three runs of a seed set out."""
    torch.manual_seed(seed)
    return untrained_clip(vocabulary=END + 1)


def rate_at(step: int) -> float:
    """Up, and to zero along a cosine."""
    return rate(step, highest=RATE, steps=STEPS, warm_up=WARM_UP, first=1)


def first_losses(rule: str, seed: int, steps: int = FIRST) -> Tensor:
    """The losses of the first steps of a run."""
    model = start(seed)
    optimiser, loss_of = optimiser_of(model), loss_through(model, [rule])
    return torch.stack([one_step(optimiser, loss_of, rate_at, step=step, seed=seed) for step in range(steps)])


@torch.no_grad()
def ranks(model: nn.ModuleDict, rule: str) -> Tensor:
    """For every style and concept the place, from 1, of the right caption among those of the same split."""
    held_out = torch.tensor([concept.held_out for concept in concepts()])
    words = [[word for text in (c.en.label, *c.en.tags) for word in word_ids(text)] for c in concepts()]
    text = normalize(model["clip"].text(torch.tensor([token_ids(each) for each in words])), dim=1)
    found = torch.zeros(len(VENDORS), len(words), dtype=torch.int16)
    for row, vendor in zip(found, VENDORS, strict=True):
        tokens = model["clip"].image.states(drawings(vendor=vendor))
        cosines = normalize(dict(readouts(model))[rule](tokens), dim=1) @ text.T
        for where in (~held_out, held_out):
            own = cosines[where][:, where]
            row[where] = (1 + (own > own.diag()[:, None]).sum(1)).short()
    return found


def main() -> None:
    """Train all runs; then write the file."""
    torch.set_num_threads(1)
    places, losses = [], []
    for seed in SEEDS:
        for rule in RULES:
            model = start(seed)
            loss_of = loss_through(model, [rule])
            train_(model, optimiser_of(model), loss_of, rate_at, name=f"clip-apart-{rule}", steps=STEPS, seed=seed)
            places.append(ranks(model, rule))
            losses.append(first_losses(rule, seed))
            print(rule, seed, [round(100 * (places[-1] <= k).double().mean().item(), 1) for k in (1, 10)], flush=True)
    shape = (len(SEEDS), len(RULES))
    stored = {
        "ranks": torch.stack(places).unflatten(0, shape).numpy(),
        "first_losses": torch.stack(losses).unflatten(0, shape).numpy(),
    }
    write(FILE, stored)


if __name__ == "__main__":
    main()
