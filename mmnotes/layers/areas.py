"""A part of a picture at another size, each pixel the mean of what it covers: the same numbers wherever it is done."""

import torch
from jaxtyping import Float
from torch import Tensor


def area_average(
    pixels: Float[Tensor, "channels height width"], box: Float[Tensor, "4"], *, rows: int, columns: int
) -> Float[Tensor, "channels rows columns"]:
    """What lies in a box, in so many rows and columns.

    y[i, j] = Σ D[i, h] A[j, w] x[h, w], where D and A hold the shares in which pixels h and w are covered, and sum to
    one. Where the box is smaller than the result, pixels show as squares.

    theme/assets/live/square.js does the same in the page. The box is read as numbers: there is nothing to trace.

    Shapes: pixels (channels, height, width), box (4,) -> (channels, rows, columns).
    Units: the box is left, top, width and height in pixels.
    Errors: ValueError for a box that does not lie in the picture.
    Source: torch's ``interpolate`` with mode area, where the sizes divide.
    """
    height, width = pixels.shape[1:]
    left, top, across, down = box.tolist()
    if not (left >= 0 and top >= 0 and across > 0 and down > 0 and left + across <= width and top + down <= height):
        raise ValueError(f"box must lie in a picture of {width} by {height}, got {box.tolist()}")
    vertical = _shares(top, down, length=height, size=rows).to(pixels)
    horizontal = _shares(left, across, length=width, size=columns).to(pixels)
    return torch.einsum("ih,chw,jw->cij", vertical, pixels, horizontal)


def _shares(start: float, extent: float, *, length: int, size: int) -> Float[Tensor, "size length"]:
    """How much of each place's stretch of a line every pixel makes up."""
    edges = start + extent / size * torch.arange(size + 1, dtype=torch.float64)
    pixels = torch.arange(length, dtype=torch.float64)
    first, last = edges[:-1, None].maximum(pixels), edges[1:, None].minimum(pixels + 1)
    covered = (last - first).clamp(min=0)
    return covered / covered.sum(1, keepdim=True)
