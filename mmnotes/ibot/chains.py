"""The smallest case of filling in: chains of patches that mostly repeat their neighbour.

Each patch is in one of a few states: that of the patch before it, or with some probability a new one. What can be known
of a hidden patch is then known exactly, so that the least loss there is can be computed and a student held to it.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import one_hot


def chains(
    *, count: int, length: int, states: int, stay: float, random: torch.Generator
) -> Int[Tensor, "batch patches"]:
    """Chains whose first state is uniform; with the probability `stay` a patch has the state of the one before, else a
    uniform one, which may be the same. A draw from a generator cannot be traced.

    Shapes: (count, length), states from 0.
    Errors: ValueError where stay is not within 0 and 1.
    """
    _check(stay)
    drawn = torch.randint(states, (count, length), generator=random)
    new = torch.rand(count, length, generator=random) >= stay
    latest = (new * torch.arange(length)).cummax(1).values  # the first patch is new whatever was drawn for it
    return drawn.gather(1, latest)


def known_of_chains(
    chain: Int[Tensor, "batch patches"], masked: Bool[Tensor, "batch patches"], *, states: int, stay: float
) -> Float[Tensor, "batch patches states"]:
    """The probability of each state at each patch, given the patches that are not masked.

        P(y_i = k | visible) ∝ (α^a [y_- = k] + (1 - α^a) / S) (α^b [y_+ = k] + (1 - α^b) / S)

    with the nearest visible patches y_- and y_+, which are a and b patches away, and α for `stay`. Where there is none
    on a side its factor is missing.

    Shapes: chain and masked (batch, patches) -> (batch, patches, states).
    Units: probabilities.
    Errors: ValueError where stay is not within 0 and 1.
    """
    _check(stay)
    seen = one_hot(chain, states).float()
    sides = [_from_the_left(seen, masked, stay), _from_the_left(seen.flip(1), masked.flip(1), stay).flip(1)]
    both = sides[0] * sides[1]
    return both / both.sum(-1, keepdim=True)


def _from_the_left(seen: Tensor, masked: Tensor, stay: float) -> Tensor:
    """P(x_i | the nearest visible patch at or before i), patch by patch."""
    states = seen.shape[-1]
    known, told = torch.full_like(seen[:, 0], 1 / states), []
    for place in range(seen.shape[1]):
        moved = stay * known + (1 - stay) / states
        known = torch.where(masked[:, place, None], moved, seen[:, place])
        told.append(known)
    return torch.stack(told, 1)


def _check(stay: float) -> None:
    if not 0 <= stay <= 1:
        raise ValueError(f"stay must be within 0 and 1, got {stay}")
