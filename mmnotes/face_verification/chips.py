"""What a network gets to see of a face: aligned, turned only, or fitted into a square.

A point is column and row; whole numbers are the middles of pixels.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pad

from mmnotes.face_verification.alignment import eye_angle, similarity
from mmnotes.face_verification.embedder import SIDE
from mmnotes.layers.checks import values_known

# dlib's mean face in shares of its side. Of its 68 points: the middles of the eyes, the tip of the nose, the corners of
# the mouth, as MTCNN has them; and its own five: the corners of the left eye, of the right one, the foot of the nose.
MEAN_FACE = (
    (0.225490, 0.215676),
    (0.754763, 0.215676),
    (0.490127, 0.515625),
    (0.254149, 0.780233),
    (0.726104, 0.780233),
)
DLIB_FIVE = (
    (0.859567, 0.213498),
    (0.646060, 0.228967),
    (0.120575, 0.213727),
    (0.334085, 0.229064),
    (0.490112, 0.627798),
)
PADDING = 0.25  # of the mean face's side, around it
_FLATTEST = 0.05  # the least extent across of landmarks that are a face, beside the one along


def warped(
    picture: Float[Tensor, "channels height width"], transform: Float[Tensor, "2 3"], *, size: int
) -> Float[Tensor, "channels size size"]:
    """A square picture whose pixel q shows what ``picture`` has at A q + b, between pixels in proportion.

    Outside of the picture all is black.

    Shapes: picture (channels, height, width), transform (2, 3) -> (channels, size, size).
    Source: bilinear interpolation; ``grid_sample`` of PyTorch.
    """
    height, width = picture.shape[1:]
    steps = torch.arange(size, dtype=picture.dtype, device=picture.device)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([columns, rows], 2) @ transform[:, :2].T + transform[:, 2]
    # grid_sample counts from -1 to 1 between the outer edges of the picture.
    sides = places.new_tensor([width, height])
    grid = (2 * places + 1) / sides - 1
    return grid_sample(picture[None], grid[None], align_corners=False)[0]


def template(*, face: Sequence[tuple[float, float]] = MEAN_FACE, padding: float = PADDING) -> Float[Tensor, "points 2"]:
    """Where a chip of 150 x 150 pixels should have the landmarks of a mean face.

    Nothing of it depends on a tensor: there is nothing to trace.

    Shapes: nothing -> (points, 2).
    Source: dlib/image_transforms/interpolation.h, get_face_chip_details.
    """
    # Shares count from the chip's edge, points from the middle of its first pixel.
    return SIDE * (torch.tensor(face) + padding) / (1 + 2 * padding) - 0.5


def face_chip(
    picture: Float[Tensor, "3 height width"],
    landmarks: Float[Tensor, "5 2"],
) -> Float[Tensor, "3 150 150"]:
    """The face at 150 x 150 pixels, its landmarks as near to the mean face's as a
    similarity brings them.

    How often the picture is halved depends on the entries: there is nothing to trace.

    Shapes: picture (3, height, width), landmarks (5, 2) -> (3, 150, 150).
    Errors: ValueError for landmarks that are not finite, or nearly on one line.
    Source: dlib/image_transforms/interpolation.h, get_face_chip_details, with other
    landmarks of the same mean face.
    """
    check_landmarks(landmarks)
    return chip_at(picture, similarity(template().to(landmarks), landmarks))


def chip_at(picture: Float[Tensor, "3 height width"], transform: Float[Tensor, "2 3"]) -> Float[Tensor, "3 150 150"]:
    """The chip whose pixel q shows what the picture has at A q + b.

    A face much larger than the chip is halved first, until it is less than twice as large, since a sample between two
    pixels would pass over those beside.

    How often the picture is halved depends on the entries: there is nothing to trace.

    Shapes: picture (3, height, width), transform (2, 3) -> (3, 150, 150).
    Source: dlib/image_transforms/interpolation.h, extract_image_chips.
    Differs: halves by the mean of 2 x 2 pixels, where dlib smooths over 5 x 5.
    """
    while torch.linalg.det(transform[:, :2]) > 4:
        picture = avg_pool2d(picture[None], 2, ceil_mode=True)[0]
        # The middle of the first pixel now lies between the first two of before.
        transform = (transform - transform.new_tensor([0, 0, 0.5])) / 2
    return warped(picture, transform, size=SIDE).clamp(0, 1)


def rotated_crop(
    picture: Float[Tensor, "3 height width"], box: Float[Tensor, "4"], landmarks: Float[Tensor, "5 2"]
) -> Float[Tensor, "3 rows columns"]:
    """What the library deepface calls aligned: the box of a face, turned about its middle until the eyes are level.

    Neither the size of the face nor its place in the box changes.

    The box says how many pixels there are: there is nothing to trace.

    Shapes: picture (3, height, width), box (4,), landmarks (5, 2) -> (3, rows, columns), the sides of the box.
    Errors: ValueError as ``eye_angle``, and for a box without a pixel.
    Source: deepface/modules/detection.py, extract_face, align_img_wrt_eyes and project_facial_area.
    Differs: bilinear, where the library is bicubic.
    """
    left, top, right, bottom = box.int().tolist()
    if not (right > left and bottom > top):
        raise ValueError(f"box must be left < right and top < bottom, got {box.tolist()}")
    angle, side = eye_angle(landmarks), max(right - left, bottom - top)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()]).reshape(2, 2)
    middle = box.new_tensor([left + right - 1, top + bottom - 1]) / 2
    shift = middle - turn @ box.new_tensor([right - left - 1, bottom - top - 1]) / 2
    return warped(picture, torch.cat([turn, shift[:, None]], 1), size=side)[:, : bottom - top, : right - left]


def letterboxed(picture: Float[Tensor, "channels height width"], *, size: int) -> Float[Tensor, "channels size size"]:
    """The whole picture in a square, its proportions kept, with black bars beside it.

    Shapes: picture (channels, height, width) -> (channels, size, size).
    Errors: ValueError for a size below 1, or a picture so long that its other side would vanish.
    Source: deepface/modules/preprocessing.py, resize_image.
    """
    if size < 1:
        raise ValueError(f"size must be 1 or more, got {size}")
    longer = max(picture.shape[1:])
    rows, columns = (side * size // longer for side in picture.shape[1:])
    if min(rows, columns) < 1:
        raise ValueError(f"picture must keep a pixel of each side at size {size}, got {tuple(picture.shape)}")
    small = interpolate(picture[None], size=(rows, columns), mode="bilinear")[0]
    above, beside = (size - rows) // 2, (size - columns) // 2
    return pad(small, (beside, size - columns - beside, above, size - rows - above))


def check_landmarks(landmarks: Float[Tensor, "5 2"]) -> None:
    """Refuse landmarks that no face has.

    Shapes: landmarks (5, 2) -> nothing.
    Errors: ValueError for landmarks that are not finite, or nearly on one line.
    """
    if not values_known(landmarks):
        return
    if not landmarks.isfinite().all():
        raise ValueError(f"landmarks must be finite, got {landmarks.tolist()}")
    along, across = torch.linalg.svdvals((landmarks - landmarks.mean(0)).double()).tolist()
    if across <= _FLATTEST * along:
        raise ValueError(f"landmarks must not lie on one line, got {landmarks.tolist()}")
