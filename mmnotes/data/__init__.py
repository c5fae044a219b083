"""Small real data that travels with the package; sources and licences are in ATTRIBUTION.md beside this file."""

from importlib.resources import files

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def digits() -> tuple[Float[Tensor, "samples height width"], Int[Tensor, "samples"]]:
    """1,797 handwritten digits and the digit each shows, in the order of the source.

    Shapes: images (samples, height, width) = (1797, 8, 8), labels (samples,).
    Units: ink from 0 (none) to 1 (all of the 4 x 4 bitmap cell behind a pixel); labels 0 to 9.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (UCI, 1998), the test part.
    """
    with (files(__name__) / "digits.npz").open("rb") as file, np.load(file) as stored:
        return torch.from_numpy(stored["images"] / np.float32(16)), torch.from_numpy(stored["labels"].astype(np.int64))
