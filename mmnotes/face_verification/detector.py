"""Find the faces of a picture and five landmarks of each: a cascade of three networks, each with fewer places to look.

Paper: Zhang et al., Joint face detection and alignment using multitask cascaded convolutional networks (2016).

Differs: boxes lie between pixels and are counted from 0, where the released code, by way of MATLAB, counts pixels from
1 and takes the last one in. Its first step leaves that one out of a box's width; here a width is a width.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmnotes.face_verification.boxes import (
    intersection_over_smaller,
    intersection_over_union,
    non_maximum_suppression,
)
from mmnotes.face_verification.nets import ONet, PNet, RNet
from mmnotes.face_verification.windows import (
    WINDOW,
    cut_out,
    pyramid_scales,
    resized,
    shifted,
    squared,
    whitened,
    window_boxes,
)

LEAST = (0.6, 0.7, 0.7)  # scores that pass the three steps


class Faces(NamedTuple):
    """Boxes (faces, 4), scores (faces,) and landmarks (faces, 5, 2), the surest first."""

    boxes: Tensor
    scores: Tensor
    landmarks: Tensor


class Steps(NamedTuple):
    """All windows that P-Net takes for a face, the boxes left after it and after R-Net, and the faces at the end."""

    windows: Tensor
    proposed: Tensor
    refined: Tensor
    faces: Faces


class Detector(nn.Module):
    """MTCNN's cascade over an image pyramid.

    1. P-Net slides over the picture at every size of the pyramid; windows with a score of 0.6 are proposed.
    2. R-Net sees each of them in 24 x 24 pixels and keeps scores above 0.7.
    3. O-Net sees those in 48 x 48, keeps scores above 0.7 and says where the landmarks are.

    Each step moves the boxes and suppresses those that mean the same face. In the first two an overlap counts as the
    intersection over the union, in the last one over the smaller, which a box inside another does not survive.

    How many boxes there are depends on the entries: there is nothing to trace.

    Shapes: picture (3, height, width) -> boxes (faces, 4), scores (faces,), landmarks (faces, 5, 2).
    Units: pixels from 0 to 1; boxes and landmarks in pixels, landmarks as column and row: right eye, left eye, nose,
    right and left corner of the mouth, of the person.
    Errors: ValueError for a picture that is empty, not finite, or outside of 0 to 1, and for ``smallest`` below 12.
    Source: facenet_pytorch/models/utils/detect_face.py, detect_face; ``smallest`` and the thresholds are its defaults.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pnet, self.rnet, self.onet = PNet(), RNet(), ONet()

    def forward(self, picture: Float[Tensor, "3 height width"], *, smallest: int = 20) -> Faces:
        """The faces of a picture that are at least ``smallest`` pixels wide."""
        return self.steps(picture, smallest=smallest).faces

    @torch.no_grad()
    def steps(self, picture: Float[Tensor, "3 height width"], *, smallest: int = 20) -> Steps:
        """The same, with the boxes that each step leaves.

        How many boxes there are depends on the entries: there is nothing to trace.

        Shapes: picture (3, height, width) -> boxes (boxes, 4) of three steps, and the faces.
        Errors: as the class.
        """
        if not picture.numel():
            raise ValueError(f"picture must have a pixel, got the shape {tuple(picture.shape)}")
        if not ((picture >= 0) & (picture <= 1)).all():
            raise ValueError(f"picture must be from 0 to 1, got {picture.min():g} to {picture.max():g}")
        if smallest < WINDOW:
            raise ValueError(f"smallest must be {WINDOW} or more, the side of P-Net's window, got {smallest}")
        windows, proposed = self._proposed(picture, smallest)
        refined = self._refined(picture, proposed)
        return Steps(windows, proposed, refined, self._found(picture, refined))

    def _proposed(self, picture: Tensor, smallest: int) -> tuple[Tensor, Tensor]:
        found, windows = [], [picture.new_zeros(0, 4)]
        for scale in pyramid_scales(side=min(picture.shape[1:]), smallest=smallest):
            scores, shifts = self.pnet(whitened(resized(picture, scale=scale))[None])
            place = (scores[0] >= LEAST[0]).nonzero(as_tuple=True)
            boxes, own = window_boxes(*place, scale=scale), scores[0][place]
            windows.append(boxes)
            kept = non_maximum_suppression(boxes, own, overlap=intersection_over_union, most=0.5)
            found.append((boxes[kept], own[kept], shifts[0][:, *place].T[kept]))
        if not found:
            return windows[0], windows[0]
        boxes, own, shifts = (torch.cat(each) for each in zip(*found, strict=True))
        kept = non_maximum_suppression(boxes, own, overlap=intersection_over_union, most=0.7)
        inner = boxes[kept] + boxes.new_tensor([0, 0, -1, -1])
        return torch.cat(windows), squared(boxes[kept] + shifted(inner, shifts[kept]) - inner)

    def _refined(self, picture: Tensor, boxes: Tensor) -> Tensor:
        boxes, crops = cut_out(picture, boxes, size=24)
        scores, shifts = self.rnet(whitened(crops))
        boxes, scores, shifts = _above(LEAST[1], scores, boxes, scores, shifts)
        kept = non_maximum_suppression(boxes, scores, overlap=intersection_over_union, most=0.7)
        return squared(shifted(boxes[kept], shifts[kept]))

    def _found(self, picture: Tensor, boxes: Tensor) -> Faces:
        boxes, crops = cut_out(picture, boxes, size=48)
        scores, shifts, landmarks = self.onet(whitened(crops))
        boxes, scores, shifts, landmarks = _above(LEAST[2], scores, boxes, scores, shifts, landmarks)
        landmarks = boxes[:, None, :2] + landmarks * (boxes[:, 2:] - boxes[:, :2])[:, None]
        boxes = shifted(boxes, shifts)
        kept = non_maximum_suppression(boxes, scores, overlap=intersection_over_smaller, most=0.7)
        return Faces(boxes[kept], scores[kept], landmarks[kept])


def _above(least: float, scores: Tensor, *each: Tensor) -> list[Tensor]:
    return [some[scores > least] for some in each]
