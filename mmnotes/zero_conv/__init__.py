"""ControlNet: a trainable copy of a frozen network's encoder steers its decoder by convolutions that start at zero.

Paper: Zhang, Rao and Agrawala, Adding conditional control to text-to-image diffusion models (2023).

Differs: the copy reads the frozen embedding of time and text, where the released code copies that of time too; the
hint is encoded once for a whole sampling, and not once a step; no guess mode.
"""

from mmnotes.zero_conv.branch import ControlBranch, HintEncoder, ZeroTaps, controlled, zero_
from mmnotes.zero_conv.edges import edge_f1, edge_map
from mmnotes.zero_conv.lora import LoRA

__all__ = ["ControlBranch", "HintEncoder", "LoRA", "ZeroTaps", "controlled", "edge_f1", "edge_map", "zero_"]
