"""The arrays beside this file, by name."""

from importlib.resources import files

import numpy as np
import torch
from torch import Tensor


def array(file: str, name: str) -> Tensor:
    """One array of an npz file, read afresh; half precision comes as float32."""
    with (files(__package__) / file).open("rb") as stream, np.load(stream) as stored:
        tensor = torch.from_numpy(stored[name])
    return tensor.float() if tensor.dtype == torch.float16 else tensor


def names(file: str) -> list[str]:
    """What an npz file holds, in its order."""
    with (files(__package__) / file).open("rb") as stream, np.load(stream) as stored:
        return list(stored)
