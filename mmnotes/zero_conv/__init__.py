"""ControlNet: a trainable copy of a frozen network's encoder steers its decoder by convolutions that start at zero.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023).

Differs: the copy reads the frozen embedding of time and text, where the released code copies that of time too; the
hint is encoded once for a whole sampling, and not once a step. As in diffusers, the copy reads the text
alone, also beside an image prompt.
"""

from mmnotes.zero_conv.branch import ControlBranch, controlled
from mmnotes.zero_conv.edges import edge_f1, edge_f1_of_all, edge_map, turned
from mmnotes.zero_conv.halves import guided_in_one_half, resolution_weights
from mmnotes.zero_conv.pixel import pixel_descent
from mmnotes.zero_conv.stream import streamed
from mmnotes.zero_conv.zero import HintEncoder, ZeroTaps, zero_

__all__ = [
    "ControlBranch",
    "HintEncoder",
    "ZeroTaps",
    "controlled",
    "edge_f1",
    "edge_f1_of_all",
    "edge_map",
    "guided_in_one_half",
    "pixel_descent",
    "resolution_weights",
    "streamed",
    "turned",
    "zero_",
]
