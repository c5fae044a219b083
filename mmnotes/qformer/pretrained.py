"""The Q-Formers that learned to match the emoji corpus' drawings and captions, one a seed."""

from torch import Tensor

from mmnotes.layers.stored import stored_arrays
from mmnotes.layers.weights import part
from mmnotes.qformer.model import QFormer
from mmnotes.qformer.stage_one import StageOne

SEEDS = (0, 1, 2)


def untrained_stage_one(*, words: int, queries: int) -> StageOne:
    """A model of the trained ones' size.

    Shapes: image (batch, 16, 64), ids (batch, at most 24).
    """
    qformer = QFormer(dim=64, heads=4, depth=4, hidden=128, image_dim=64, words=words, positions=24, queries=queries)
    return StageOne(qformer, shared_dim=64)


def pretrained_stage_one(*, seed: int) -> StageOne:
    """The model after stage 1 with eight queries, frozen.

    Shapes: as ``untrained_stage_one``.
    Errors: ValueError for a seed that is not 0, 1 or 2.
    Source: trained by tools/qformer/train.py.
    """
    if seed not in SEEDS:
        raise ValueError(f"seed must be one of {SEEDS}, got {seed}")
    weights = part(stored_arrays(__package__, "weights.npz"), f"{seed}.")
    model = untrained_stage_one(words=len(weights["qformer.text.words.weight"]), queries=8)
    model.load_state_dict(weights)
    return model.requires_grad_(False)


def stage_two_weights() -> dict[str, Tensor]:
    """What prompts the language model in stage 2: of each seed the image half and the projection.

    Source: trained by tools/qformer/train.py.
    """
    return stored_arrays(__package__, "stage_two.npz")
