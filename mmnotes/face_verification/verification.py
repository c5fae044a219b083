"""Are these two pictures the same person? The whole way from two files to an answer, nothing of it hidden."""

import math
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from os import PathLike

from jaxtyping import Float
from torch import Tensor

from mmnotes.face_verification.chips import face_chip
from mmnotes.face_verification.detector import Detector, Faces, Steps
from mmnotes.face_verification.distances import euclidean_distance
from mmnotes.face_verification.embedder import Embedder
from mmnotes.face_verification.files import opened, png
from mmnotes.face_verification.pretrained import pretrained_detector, pretrained_embedder
from mmnotes.face_verification.released import DLIB

_FRAME = (0.84, 0.37, 0.0)  # the colour of boxes and landmarks
_SHOWN = 160  # pixels of a picture in the answer


@dataclass(frozen=True)
class Face:
    """What became of a picture: what the cascade found, the chip (3, 150, 150), its vector (128,)."""

    picture: Tensor
    steps: Steps
    chip: Tensor
    vector: Tensor


@dataclass(frozen=True, repr=False)
class Verification:
    """The answer: whether ``distance`` is at most ``threshold``, and the way of both pictures there."""

    first: Face
    second: Face
    distance: float
    threshold: float

    @property
    def same(self) -> bool:
        """Whether the two pass for one person."""
        return self.distance <= self.threshold

    def __repr__(self) -> str:
        sign, verdict = ("<=", "one person") if self.same else (">", "two people")
        return f"distance {self.distance:.3f} {sign} {self.threshold:g}: {verdict}, says the threshold"

    def _repr_html_(self) -> str:
        """The pictures with what was found in them, the chips, and the verdict."""
        shown = [each for face in (self.first, self.second) for each in (marked(face.picture, face.steps), face.chip)]
        tags = "".join(
            f'<img alt="" height="{_SHOWN}" src="data:image/png;base64,{b64encode(png(each)).decode()}"> '
            for each in shown
        )
        return f"<p>{tags}</p><p>{self!r}</p>"


def verify(
    first: str | PathLike[str],
    second: str | PathLike[str],
    *,
    threshold: float = DLIB,
) -> Verification:
    """Whether two files show the same person: their faces found, aligned, represented
    and compared.

    The answer has every picture on the way: ``answer.first.steps`` are the boxes of the
    cascade, ``answer.first.chip`` is what the embedder saw. Nothing leaves the machine.

    Each file must show one face. The library takes the closest of all pairs instead,
    and so answers for a group whether anybody resembles anybody.

    Files are read: there is nothing to trace.

    Units: the distance is Euclidean, between vectors of about length 1.4.
    Errors: FileNotFoundError, and ValueError for a file that is no picture or too
    large, as ``opened`` tells; ValueError for one without a face or with several, and
    for a threshold that is negative or not finite.
    Source: dlib/python_examples/face_recognition.py, for the threshold.
    """
    if not (0 <= threshold < math.inf):
        raise ValueError(f"threshold must be finite and not negative, got {threshold}")
    one, other = (only_face(opened(path), name=str(path)) for path in (first, second))
    distance = float(euclidean_distance(one.vector, other.vector))
    return Verification(one, other, distance=distance, threshold=threshold)


def only_face(picture: Float[Tensor, "3 height width"], *, name: str) -> Face:
    """The one face of a picture, which messages call by ``name``.

    Shapes: picture (3, height, width) -> a face.
    Errors: ValueError for a picture without a face or with several.
    """
    steps = detector().steps(picture)
    if (count := len(steps.faces.boxes)) == 0:
        raise ValueError(f"{name} must show a face of 20 pixels or more, upright or nearly; none was found")
    if count > 1:
        places = "; ".join(", ".join(f"{side:.0f}" for side in box) for box in steps.faces.boxes.tolist())
        raise ValueError(
            f"{name} must show one face, {count} were found: cut one out.\nLeft, top, right, bottom: {places}"
        )
    chip = face_chip(picture, steps.faces.landmarks[0])
    return Face(picture, steps, chip, embedder()(chip[None])[0])


@cache
def detector() -> Detector:
    """The released cascade, read once."""
    return pretrained_detector()


@cache
def embedder() -> Embedder:
    """The released embedder, read once."""
    return pretrained_embedder()


def marked(picture: Float[Tensor, "3 height width"], steps: Steps) -> Float[Tensor, "3 height width"]:
    """A copy of a picture with frames around its faces and dots on their landmarks.

    Shapes: picture (3, height, width) -> the same.
    """
    drawn, colour = picture.clone(), picture.new_tensor(_FRAME)[:, None, None]
    height, width = picture.shape[1:]
    thick = max(1, max(height, width) // 150)
    faces: Faces = steps.faces
    for left, top, right, bottom in faces.boxes.round().int().tolist():
        rows, columns = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
        inner = drawn[:, rows, columns][:, thick:-thick, thick:-thick].clone()
        drawn[:, rows, columns] = colour
        drawn[:, rows, columns][:, thick:-thick, thick:-thick] = inner
    for column, row in faces.landmarks.flatten(0, 1).round().int().tolist():
        near = (slice(max(at - thick, 0), max(at + thick + 1, 0)) for at in (row, column))
        drawn[(slice(None), *near)] = colour
    return drawn
