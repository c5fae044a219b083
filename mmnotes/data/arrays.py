"""The arrays beside this file, by name."""

from importlib.resources import files

import numpy as np
import torch
from torch import Tensor


def array(file: str, name: str) -> Tensor:
    """One array of an npz file, read afresh; half precision comes as float32."""
    with (files(__package__) / file).open("rb") as stream, np.load(stream) as stored:
        return _tensor(stored[name])


def arrays(file: str) -> dict[str, Tensor]:
    """All arrays of an npz file, in its order, as ``array`` gives one."""
    with (files(__package__) / file).open("rb") as stream, np.load(stream) as stored:
        return {name: _tensor(values) for name, values in stored.items()}


def _tensor(values: np.ndarray) -> Tensor:
    tensor = torch.from_numpy(values)
    return tensor.float() if tensor.dtype == torch.float16 else tensor
