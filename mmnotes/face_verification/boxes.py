"""Boxes, how much they overlap, and which of many that mean one thing to keep.

A box is left, top, right and bottom between pixels: it holds the pixels ``picture[:, top:bottom, left:right]``.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mmnotes.layers.checks import values_known

_BLOCK = 64  # boxes that are compared with all others at once


def intersection_over_union(
    boxes: Float[Tensor, "boxes 4"], others: Float[Tensor, "others 4"]
) -> Float[Tensor, "boxes others"]:
    """The area that two boxes share, over the area that they cover together.

    1 for equal boxes, 0 for boxes without a common pixel. A small box inside a large one has a small value: the ratio
    of their areas.

    Shapes: boxes (boxes, 4), others (others, 4) -> (boxes, others).
    Errors: ValueError for a box that is not finite or has no area.
    Source: Jaccard's index; torchvision's ``box_iou``.
    """
    shared, one, other = _areas(boxes, others)
    return shared / (one + other - shared)


def intersection_over_smaller(
    boxes: Float[Tensor, "boxes 4"], others: Float[Tensor, "others 4"]
) -> Float[Tensor, "boxes others"]:
    """The area that two boxes share, over the area of the smaller: 1 where one box lies in the other.

    Shapes: boxes (boxes, 4), others (others, 4) -> (boxes, others).
    Errors: as ``intersection_over_union``.
    Source: Zhang et al. 2016, the last step of the released cascade ("Min").
    """
    shared, one, other = _areas(boxes, others)
    return shared / torch.minimum(one, other)


def non_maximum_suppression(
    boxes: Float[Tensor, "boxes 4"],
    scores: Float[Tensor, "boxes"],
    *,
    overlap: Callable[[Tensor, Tensor], Tensor],
    most: float,
) -> Int[Tensor, "kept"]:
    """Which boxes are left when the best of those that overlap stands for all of them.

    >>> boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]])
    >>> scores = torch.tensor([0.9, 0.8, 0.7])
    >>> non_maximum_suppression(boxes, scores, overlap=intersection_over_union, most=0.5)
    tensor([0, 2])

    Take the box with the highest score, drop every other that overlaps it by more than
    ``most``, and go on with what remains. Of equal scores the first box is taken.

    How many boxes are kept depends on the entries: there is nothing to trace.

    Shapes: boxes (boxes, 4), scores (boxes,) -> (kept,), the best first.
    Errors: ValueError for scores that are not finite, ``most`` outside of 0 to 1, and
    as ``intersection_over_union``.
    Source: facenet_pytorch/models/utils/detect_face.py, nms_numpy and torchvision's nms.
    """
    if not 0 <= most <= 1:
        raise ValueError(f"most must be from 0 to 1, got {most}")
    if not scores.isfinite().all():
        raise ValueError(f"scores must be finite, got {scores[~scores.isfinite()][0]:g}")
    waiting, kept = scores.argsort(descending=True, stable=True), []
    while len(waiting):
        # Blocks, since a table of all pairs could be too large.
        near = overlap(boxes[waiting[:_BLOCK]], boxes[waiting]) > most
        own = near[:, : len(near)].tolist()
        stay: list[int] = []
        for row in range(len(near)):
            if not any(own[better][row] for better in stay):
                stay.append(row)
        kept.append(waiting[stay])
        waiting = waiting[len(near) :][~near[stay, len(near) :].any(0)]
    return torch.cat(kept) if kept else waiting


def _areas(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What each pair shares, the first ones' areas as a column, the others' as a row."""
    for name, each in (("boxes", boxes), ("others", others)):
        if values_known(each) and not (each.isfinite().all() and (each[:, 2:] > each[:, :2]).all()):
            raise ValueError(f"{name} must be finite, left < right and top < bottom, got {_odd(each)}")
    corner = torch.maximum(boxes[:, None, :2], others[:, :2])
    opposite = torch.minimum(boxes[:, None, 2:], others[:, 2:])
    one, other = ((each[:, 2:] - each[:, :2]).prod(1) for each in (boxes, others))
    return (opposite - corner).clamp(min=0).prod(2), one[:, None], other


def _odd(boxes: Tensor) -> list[float]:
    right = boxes.isfinite().all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1)
    values: list[float] = boxes[~right][0].tolist()
    return values
