"""The windows through which a cascade sees a picture: sizes of a pyramid, boxes, what lies in them."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

WINDOW, STRIDE = 12, 2  # what P-Net sees, and how far apart its answers are, in pixels


def pyramid_scales(*, side: int, smallest: int, factor: float = 0.709) -> list[float]:
    """By how much to reduce a picture so that P-Net's window of 12 pixels fits faces of every size.

    The first scale fits the smallest face; each next one is ``factor`` smaller, half the area at the default, until
    the window is as large as the picture's shorter ``side``.

    Source: Zhang et al. 2016; the factor is the released code's.
    """
    scales, scale = [], WINDOW / smallest
    while side * scale >= WINDOW:
        scales.append(scale)
        scale *= factor
    return scales


def window_boxes(rows: Tensor, columns: Tensor, *, scale: float) -> Float[Tensor, "boxes 4"]:
    """The box of the picture that P-Net saw for each place of its answer at a scale.

    Shapes: rows and columns (boxes,) -> (boxes, 4).
    Source: facenet_pytorch/models/utils/detect_face.py, generateBoundingBox.
    """
    corner = STRIDE * torch.stack([columns, rows], 1)
    first, last = ((corner + each) / scale for each in (1, WINDOW))
    return torch.cat([first.floor() - 1, last.floor()], 1)


def whitened(picture: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Pixels from 0 to 1 as the three networks were taught to see them: (255 x - 127.5) / 128.

    Shapes: any -> the same.
    """
    return (255 * picture - 127.5) / 128


def shifted(boxes: Float[Tensor, "boxes 4"], shifts: Float[Tensor, "boxes 4"]) -> Float[Tensor, "boxes 4"]:
    """Boxes whose sides have moved by these shares of their width and height.

    Shapes: boxes and shifts (boxes, 4) -> (boxes, 4).
    """
    return boxes + shifts * (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)


def squared(boxes: Float[Tensor, "boxes 4"]) -> Float[Tensor, "boxes 4"]:
    """Squares with the centres of boxes and their longer sides.

    Shapes: boxes (boxes, 4) -> (boxes, 4).
    """
    centre, half = (boxes[:, 2:] + boxes[:, :2]) / 2, (boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True) / 2
    return torch.cat([centre - half, centre + half], 1)


def cut_out(
    picture: Float[Tensor, "3 height width"], boxes: Float[Tensor, "boxes 4"], *, size: int
) -> tuple[Float[Tensor, "kept 4"], Float[Tensor, "kept 3 size size"]]:
    """What the picture has within each box, at size x size pixels, and the boxes that have something in it.

    Shapes: picture (3, height, width), boxes (boxes, 4) -> boxes (kept, 4), crops (kept, 3, size, size).
    """
    height, width = picture.shape[1:]
    inside, crops = [], []
    corners = boxes.floor().int().clamp(min=0).tolist()  # a slice counts what is negative from the other end
    for number, (left, top, right, bottom) in enumerate(corners):
        crop = picture[:, top : min(bottom, height), left : min(right, width)]
        if crop.numel():
            inside.append(number)
            crops.append(interpolate(crop[None], size=(size, size), mode="area")[0])
    return boxes[inside], torch.stack(crops) if crops else picture.new_zeros(0, 3, size, size)


def resized(picture: Float[Tensor, "3 height width"], *, scale: float) -> Float[Tensor, "3 rows columns"]:
    """A picture at a scale, each pixel the mean of those that it stands for.

    Shapes: picture (3, height, width) -> (3, rows, columns).
    """
    size = [int(side * scale + 1) for side in picture.shape[1:]]
    return interpolate(picture[None], size=size, mode="area")[0]
