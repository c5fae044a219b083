"""Train the networks of the chapter `arcface` and write mmnotes/arcface/weights.npz: some ten minutes on one core.

Every way is trained at two learning rates, three seeds each. With the first seed a rate is chosen for each way, by
identities that are neither learned nor asked. Two of the networks are kept for the chapter.
"""

from functools import cache
from itertools import product

import torch

from mmnotes.arcface import scored_pairs, tar_at_far
from mmnotes.arcface.pretrained import KEPT
from tools.arcface.learning import RATES, SEEDS, WAYS, Learner, Way, features_of, learner
from tools.training import rounded, write

FILE = "arcface/weights.npz"
FAR = 0.01  # at which a learning rate is chosen
MANTISSA = 5  # bits; what the study measures does not move


def chosen_by(model: Learner) -> float:
    """TAR at one percent FAR on the identities that a rate is chosen by."""
    return tar_at_far(*scored_pairs(features_of(model, "chosen by")), far=FAR).item()


def tried(way: Way) -> dict[float, float]:
    """What every learning rate of a way is chosen by, with the first seed."""
    return {highest: chosen_by(learner(way, highest, seed=SEEDS[0])) for highest in RATES}


@cache
def best_of(way: Way) -> float:
    """The learning rate of a way that verifies best."""
    found = tried(way)
    return max(found, key=found.__getitem__)


def main() -> None:
    """Train what is missing, and write the weights."""
    torch.set_num_threads(1)
    for way in WAYS:
        for highest, seed in product(RATES, SEEDS):
            learner(way, highest, seed=seed)
        print(f"{way}: learning rate {best_of(way)}", flush=True)
    entries = {}
    for way in KEPT:
        state = learner(way, best_of(way), seed=SEEDS[0]).net.state_dict()
        numbers = {
            name: value for name, value in state.items() if value.is_floating_point()
        }  # and not how many batches
        entries |= rounded(numbers, bits=MANTISSA, prefix=f"{way}.")
    write(FILE, entries)


if __name__ == "__main__":
    main()
