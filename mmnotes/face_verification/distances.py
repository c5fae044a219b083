"""How far apart two faces' vectors are, in the four ways that the library deepface offers."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted


def euclidean_distance(
    first: Float[Tensor, "*#batch dim"], second: Float[Tensor, "*#batch dim"]
) -> Float[Tensor, "..."]:
    """‖a - b‖.

    Shapes: first and second (..., dim) -> (...).
    Source: deepface/modules/verification.py, find_euclidean_distance.
    """
    distances: Tensor = torch.linalg.vector_norm(first - second, dim=-1)
    return distances


def cosine_distance(first: Float[Tensor, "*#batch dim"], second: Float[Tensor, "*#batch dim"]) -> Float[Tensor, "..."]:
    """1 - ⟨a, b⟩ / (‖a‖ ‖b‖), from 0 to 2.

    Shapes: first and second (..., dim) -> (...).
    Errors: ValueError for a vector of zeros, which has no direction.
    Source: deepface/modules/verification.py, find_cosine_distance.
    """
    one, other = _directions(first, second)
    return 1 - (one * other).sum(-1)


def unit_distance(first: Float[Tensor, "*#batch dim"], second: Float[Tensor, "*#batch dim"]) -> Float[Tensor, "..."]:
    """The distance of the directions, ‖a/‖a‖ - b/‖b‖‖ = √(2 d) of the cosine distance d; deepface's ``euclidean_l2``.

    Shapes: first and second (..., dim) -> (...).
    Errors: as ``cosine_distance``.
    Source: deepface/modules/verification.py, find_distance.
    """
    return euclidean_distance(*_directions(first, second))


def angular_distance(first: Float[Tensor, "*#batch dim"], second: Float[Tensor, "*#batch dim"]) -> Float[Tensor, "..."]:
    """The angle between two vectors in half turns, arccos(1 - d) / π of the cosine distance d, from 0 to 1.

    Shapes: first and second (..., dim) -> (...).
    Errors: as ``cosine_distance``.
    Source: deepface/modules/verification.py, find_angular_distance.
    Differs: from the distance of the directions, 2 arcsin(√(2 d) / 2) / π, which keeps its digits at small angles.
    """
    half = unit_distance(first, second) / 2
    return 2 / math.pi * torch.asin(half.clamp(max=1))


class Pair(NamedTuple):
    """A distance, and whose it is: the number of a vector of the first side and of one of the second."""

    distance: float
    first: int
    second: int


def closest_pair(first: Float[Tensor, "faces dim"], second: Float[Tensor, "others dim"]) -> Pair:
    """The two vectors, one of each side, with the smallest distance: what decides where a picture has several faces.

    The answer is a number and two places: there is nothing to trace.

    Shapes: first (faces, dim), second (others, dim) -> a distance and two places.
    Errors: ValueError where a side has no vector.
    Source: deepface/modules/verification.py, verify, which takes the minimum over all pairs.
    """
    for name, each in (("first", first), ("second", second)):
        if not len(each):
            raise ValueError(f"{name} must have a vector at least, got the shape {tuple(each.shape)}")
    table = euclidean_distance(first[:, None], second[None])
    row, column = divmod(int(table.argmin()), len(second))
    return Pair(float(table[row, column]), row, column)


def _directions(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    wide = promoted(first, second)
    for name, each in zip(("first", "second"), wide, strict=True):
        if values_known(each) and not each.any(-1).all():
            raise ValueError(f"{name} must not be zero: a vector of zeros has no direction")
    one, other = (normalize(each, dim=-1) for each in wide)
    return one, other
