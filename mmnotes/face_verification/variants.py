"""Ways to make another photograph of a face out of one, from harmless to hopeless.

Each takes a picture (3, height, width), the box (4,) of the face, and a strength: at 0 the picture is as it was. They
are no substitute for a second photograph, since pose, age and expression stay as they are.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d, pad

from mmnotes.face_verification.chips import warped
from mmnotes.face_verification.files import recompressed

Picture = Float[Tensor, "3 height width"]
Box = Float[Tensor, "4"]


def blurred(picture: Picture, box: Box, *, strength: float) -> Picture:
    """Smoothed by a Gaussian whose standard deviation is a tenth of the face's width at strength 1.

    Shapes: picture (3, height, width), box (4,) -> the same.
    """
    sigma = 0.1 * strength * float(box[2] - box[0])
    if not sigma:
        return picture
    reach = math.ceil(3 * sigma)
    weights = torch.exp(-torch.arange(-reach, reach + 1).square() / (2 * sigma**2))
    row = (weights / weights.sum()).expand(3, 1, 1, -1)
    wide = pad(picture[None], (reach,) * 4, mode="replicate")
    return conv2d(conv2d(wide, row, groups=3), row.transpose(2, 3), groups=3)[0].clamp(0, 1)


def darkened(picture: Picture, box: Box, *, strength: float) -> Picture:
    """With 2^-6 of the light at strength 1, counted in 256 levels again: the shadows run together.

    Shapes: as ``blurred``.
    """
    return (255 * picture * 2 ** (-6 * strength)).round() / 255 if strength else picture


def turned(picture: Picture, box: Box, *, strength: float) -> Picture:
    """Turned about the middle of the face, by a quarter at strength 1.

    Shapes: as ``blurred``.
    """
    angle = torch.tensor(strength * math.pi / 2)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()]).reshape(2, 2)
    middle = (box[:2] + box[2:]) / 2
    return warped(picture, torch.cat([turn, (middle - turn @ middle)[:, None]], 1), size=picture.shape[1])


def cut_off(picture: Picture, box: Box, *, strength: float) -> Picture:
    """The right side is gone, at strength 1 up to the left edge of the face.

    Shapes: as ``blurred``, but that the right side is missing.
    """
    edge = float(box[2] - strength * (box[2] - box[0]))
    return picture[:, :, : max(1, round(edge))] if strength else picture


def compressed(picture: Picture, box: Box, *, strength: float) -> Picture:
    """A JPEG file, of quality 1 at strength 1.

    Shapes: as ``blurred``.
    """
    return recompressed(picture, quality=round(95 - 94 * strength)) if strength else picture


def covered(picture: Picture, box: Box, *, strength: float) -> Picture:
    """Grey from the chin upwards, at strength 1 the whole face.

    Shapes: as ``blurred``.
    """
    left, top, right, bottom = box.round().int().clamp(min=0).tolist()
    above = round(bottom - strength * (bottom - top))
    hidden = picture.clone()
    hidden[:, above:bottom, left:right] = 0.5
    return hidden


VARIANTS: dict[str, Callable[..., Tensor]] = {
    "blur": blurred,
    "light": darkened,
    "rotation": turned,
    "crop": cut_off,
    "JPEG": compressed,
    "occlusion": covered,
}
