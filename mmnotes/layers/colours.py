"""How bright a colour looks."""

from jaxtyping import Float
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)


def luma(pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """0.299 red + 0.587 green + 0.114 blue, so that a grey stays what it is.

    Shapes: pixels (batch, 3, height, width) -> (batch, 1, height, width).
    Units: those of the pixels.
    Source: ITU-R recommendation BT.601.
    """
    brightness: Tensor = (pixels.new_tensor(LUMA)[:, None, None] * pixels).sum(1, keepdim=True)
    return brightness
