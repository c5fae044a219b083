"""Arrays that travel with the package, in npz files beside the code that reads them."""

from importlib.resources import files

import numpy as np
import torch
from torch import Tensor


def stored_arrays(package: str, file: str) -> dict[str, Tensor]:
    """All arrays of an npz file in a package's folder, in its order; half precision comes as float32.

    A file is read, which cannot be traced.

    Errors: FileNotFoundError where the package has no such file.
    """
    with (files(package) / file).open("rb") as stream, np.load(stream) as stored:
        return {name: _tensor(values) for name, values in stored.items()}


def stored_array(package: str, file: str, name: str) -> Tensor:
    """One array of such a file, without reading the others.

    A file is read, which cannot be traced.

    Shapes: as the array was stored.
    Errors: FileNotFoundError where the package has no such file, KeyError where the file has no such array.
    """
    with (files(package) / file).open("rb") as stream, np.load(stream) as stored:
        return _tensor(stored[name])


def _tensor(values: np.ndarray) -> Tensor:
    tensor = torch.from_numpy(values)
    return tensor.float() if tensor.dtype == torch.float16 else tensor
