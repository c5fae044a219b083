"""Face verification."""

from functools import partial

import torch
from torch import Tensor, nn, randn

from mmnotes.face_verification import (
    Embedder,
    angular_distance,
    cosine_distance,
    euclidean_distance,
    eye_angle,
    intersection_over_smaller,
    intersection_over_union,
    letterboxed,
    moved,
    similarity,
    umeyama,
    unit_distance,
    warped,
)
from tests.traced import Traced

BOXES = "How many boxes there are depends on the entries: there is nothing to trace."


def boxes() -> tuple[Tensor, Tensor]:
    """Five boxes and three, of which some overlap."""
    corners = [torch.rand(count, 2, dtype=torch.float64) * 3 for count in (5, 3)]
    first, second = (torch.cat([each, each + 1 + torch.rand(len(each), 2)], 1) for each in corners)
    return first, second


def two() -> tuple[Tensor, Tensor]:
    return randn(5, 7, dtype=torch.float64), randn(5, 7, dtype=torch.float64)


def points() -> tuple[Tensor, Tensor]:
    return randn(5, 2, dtype=torch.float64), randn(5, 2, dtype=torch.float64)


def seen_through() -> tuple[Tensor, Tensor]:
    """A picture, and a similarity under which no sample lies on the seam of two squares of pixels."""
    return torch.rand(3, 7, 11, dtype=torch.float64), torch.tensor([[0.9, -0.31, 1.17], [0.31, 0.9, 0.53]]).double()


def filled() -> nn.Module:
    """The embedder, with weights at which its answers differ; the first three of them, which say as much as 128."""
    model = Embedder()
    for weights in model.parameters():
        nn.init.normal_(weights, std=0.1 if weights.ndim < 3 else weights[0].numel() ** -0.5)
    return model.requires_grad_(False)


def first_of(model: nn.Module, chips: Tensor) -> Tensor:
    vectors: Tensor = model(chips)
    return vectors[:, :3]


TRACED = [
    Traced("face_verification.intersection_over_union", lambda: (intersection_over_union, boxes())),
    Traced("face_verification.intersection_over_smaller", lambda: (intersection_over_smaller, boxes())),
    Traced("face_verification.similarity", lambda: (similarity, points())),
    Traced("face_verification.umeyama", lambda: (umeyama, points())),
    Traced("face_verification.moved", lambda: (moved, (points()[0], randn(2, 3).double()))),
    Traced("face_verification.eye_angle", lambda: (eye_angle, points()[:1])),
    # PyTorch's grid_sample has no derivative in forward mode.
    Traced("face_verification.warped", lambda: (partial(warped, size=5), seen_through()), ("vmap", "jacrev")),
    Traced("face_verification.letterboxed", lambda: (partial(letterboxed, size=6), seen_through()[:1])),
    Traced("face_verification.euclidean_distance", lambda: (euclidean_distance, two())),
    Traced("face_verification.cosine_distance", lambda: (cosine_distance, two())),
    Traced("face_verification.unit_distance", lambda: (unit_distance, two())),
    Traced("face_verification.angular_distance", lambda: (angular_distance, two())),
    # 67,500 pixels: a slope by each of them would tell nothing that its blocks' do not.
    Traced(
        "face_verification.Embedder", lambda: (partial(first_of, filled()), (torch.rand(2, 3, 150, 150),)), ("vmap",)
    ),
]
UNTRACED = {
    "face_verification.non_maximum_suppression": "How many boxes are kept depends on the entries: there is nothing to "
    "trace.",
    "face_verification.Detector": BOXES,
    "face_verification.Detector.steps": BOXES,
    "face_verification.face_chip": "How often the picture is halved depends on the entries: there is nothing to trace.",
    "face_verification.rotated_crop": "The box says how many pixels there are: there is nothing to trace.",
    "face_verification.closest_pair": "The answer is a number and two places: there is nothing to trace.",
    "face_verification.verify": "Files are read: there is nothing to trace.",
}
