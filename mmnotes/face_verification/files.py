"""Pictures of a reader's own, from files and back into them."""

import io
import warnings
from os import PathLike

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

MOST_PIXELS = 50_000_000  # of a file: more would take hundreds of megabytes to decode
LONGEST = 1024  # pixels of a side that are kept: a face of 20 pixels in there is found


def opened(path: str | PathLike[str]) -> Float[Tensor, "3 height width"]:
    """The picture of a file, upright, reduced to 1024 pixels at most.

    How large it is, its first bytes tell; only then is it decoded.

    Shapes: a path -> (3, height, width).
    Units: red, green and blue from 0 to 1.
    Errors: FileNotFoundError for a file that is not there; ValueError for one that is no picture, breaks off, or has
    more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is lower
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(
                        f"{path} must have at most {MOST_PIXELS:,} pixels, it has {image.width:,} x {image.height:,}"
                    )
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is not there") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{path} must have at most {MOST_PIXELS:,} pixels, it has many more") from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path} must be a picture in a format that Pillow reads: {error}") from None
    upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return _tensor(upright)


def recompressed(picture: Float[Tensor, "3 height width"], *, quality: int) -> Float[Tensor, "3 height width"]:
    """What is left of a picture after it has been a JPEG file of a quality from 1 to 95.

    Shapes: picture (3, height, width) -> the same.
    Errors: ValueError for another quality.
    """
    if not 1 <= quality <= 95:
        raise ValueError(f"quality must be from 1 to 95, got {quality}")
    file = io.BytesIO()
    _image(picture).save(file, "JPEG", quality=quality)
    return _tensor(Image.open(file))


def png(picture: Float[Tensor, "3 height width"]) -> bytes:
    """A picture as the content of a PNG file.

    Shapes: picture (3, height, width), values from 0 to 1.
    """
    file = io.BytesIO()
    _image(picture).save(file, "PNG")
    return file.getvalue()


def _image(picture: Tensor) -> Image.Image:
    return Image.fromarray((255 * picture).round().byte().permute(1, 2, 0).numpy())


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255
