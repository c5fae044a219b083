"""The move, turn and scale that bring landmarks to where a network expects them, by least squares.

Paper: Umeyama, Least-squares estimation of transformation parameters between two point patterns (1991).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mmnotes.layers.checks import values_known
from mmnotes.layers.precision import promoted

_RIGHT_EYE, _LEFT_EYE = 0, 1  # of the person; the right one is on the left of the picture


def similarity(
    points: Float[Tensor, "points 2"],
    targets: Float[Tensor, "points 2"],
) -> Float[Tensor, "2 3"]:
    """The similarity of the plane that brings points nearest to their targets.

    >>> corners = torch.tensor([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> turned_and_doubled = torch.tensor([[3.0, 3], [3, 7], [-1, 7], [-1, 3]])
    >>> similarity(corners, turned_and_doubled)
    tensor([[ 0., -2.,  3.],
            [ 2.,  0.,  3.]])

    With points as complex numbers it is x -> a x + b, and the least squares are
    a = sum(conj(x) y) / sum(|x|^2) of the centred points, b = mean(y) - a mean(x).
    No a is a reflection: every product with a complex number turns and scales.

    Shapes: points and targets (points, 2) -> (2, 3), a matrix and a shift beside it.
    Units: the result has those of the targets.
    Errors: ValueError for points or targets that are not finite, and for points that
    all coincide, which every turn fits alike.
    Source: Umeyama 1991 in the plane; agrees with ``SimilarityTransform`` of
    scikit-image and ``estimate_norm`` of insightface.
    """
    check_points(points, targets)
    x, y = promoted(points - points.mean(0), targets - targets.mean(0))
    square = x.square().sum()
    real = (x * y).sum() / square
    imaginary = (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum() / square
    turn = torch.stack([real, -imaginary, imaginary, real]).reshape(2, 2)
    shift = targets.mean(0) - turn @ points.mean(0).to(turn.dtype)
    return torch.cat([turn, shift[:, None]], 1).to(points.dtype)


def umeyama(
    points: Float[Tensor, "points space"], targets: Float[Tensor, "points space"]
) -> Float[Tensor, "space space+1"]:
    """The same in a space of any dimension, from the singular vectors of the covariance.

    S = mean(y xᵀ) = U D Vᵀ, R = U diag(1, ..., 1, det(U) det(V)) Vᵀ, s = tr(D diag(...)) / mean(|x|²), t = ȳ - s R x̄
    of the centred points. Without the sign in the middle, R is a reflection wherever one fits better.

    Shapes: points and targets (points, space) -> (space, space + 1).
    Units: as ``similarity``.
    Errors: as ``similarity``, and ValueError where the points leave a turn free: their covariance with the targets has
    a rank below the dimension less one.
    Source: Umeyama 1991, equations 39 to 43; in the plane it is ``similarity``.
    """
    check_points(points, targets)
    x, y = promoted(points - points.mean(0), targets - targets.mean(0))
    u, d, vh = torch.linalg.svd(y.T @ x / len(x))
    if values_known(points, targets) and len(d) > 1 and d[-2] <= d[0] * 10 * torch.finfo(d.dtype).eps:
        raise ValueError(f"points must fix a turn, got a covariance with the singular values {d.tolist()}")
    signs = torch.ones_like(d)
    signs = torch.cat([signs[:-1], torch.sign(torch.linalg.det(u @ vh))[None]])
    turn = (d * signs).sum() / x.square().sum(1).mean() * (u * signs) @ vh
    shift = targets.mean(0) - turn @ points.mean(0).to(turn.dtype)
    return torch.cat([turn, shift[:, None]], 1).to(points.dtype)


def moved(points: Float[Tensor, "points space"], transform: Float[Tensor, "space space+1"]) -> Tensor:
    """Where a transform brings points: A x + b.

    Shapes: points (points, space), transform (space, space + 1) -> (points, space).
    """
    return points @ transform[:, :-1].T + transform[:, -1]


def eye_angle(landmarks: Float[Tensor, "5 2"]) -> Float[Tensor, ""]:
    """By how much a face leans: the angle of the line from its right eye to its left one.

    The library deepface turns a picture by this angle and does nothing else to align it.

    Shapes: landmarks (5, 2): right eye, left eye, nose, right and left corner of the mouth, of the person -> ().
    Units: radians, positive where the left eye is lower, since rows count downwards.
    Errors: ValueError for landmarks that are not finite, and for eyes in one place.
    Source: deepface/modules/detection.py, align_img_wrt_eyes.
    """
    across = landmarks[_LEFT_EYE] - landmarks[_RIGHT_EYE]
    if values_known(landmarks) and not (landmarks.isfinite().all() and across.any()):
        raise ValueError(f"landmarks must be finite, with eyes apart, got {landmarks.tolist()}")
    return torch.atan2(across[1], across[0])


def check_points(points: Float[Tensor, "points space"], targets: Float[Tensor, "points space"]) -> None:
    """Refuse points that no transform can be fitted to.

    Shapes: points and targets (points, space) -> nothing.
    Errors: ValueError for fewer than two, for points or targets that are not finite, and for points that coincide.
    """
    if len(points) < 2:
        raise ValueError(f"points must be two at least, got {len(points)}")
    for name, each in (("points", points), ("targets", targets)):
        if values_known(each) and not each.isfinite().all():
            raise ValueError(f"{name} must be finite, got {each.tolist()}")
    if values_known(points) and not (points != points[0]).any():
        raise ValueError(f"points must not all coincide, got {len(points)} times {points[0].tolist()}")
