"""Weights that this project trained; the scripts in tools/ that did are named in ATTRIBUTION.md."""

from torch import Tensor

from mmnotes.data.arrays import arrays


def trained(name: str) -> dict[str, Tensor]:
    """A state dict, ready for ``load_state_dict``, stored in half precision and returned in float32."""
    return arrays(f"{name}.npz")
