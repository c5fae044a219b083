"""DINOv2: what its recipe adds to DINO and iBOT.

Papers: Oquab et al., DINOv2 (2023); Sablayrolles et al., Spreading vectors for similarity search (2019), for KoLeo;
Huang et al., Deep networks with stochastic depth (2016).

Differs:
- crops of unlike sizes share a pass under a mask in dense form, which costs memory where the released kernels do not;
- Sinkhorn's targets are ``mmnotes.sinkhorn.teacher_assignment``, the losses ``mmnotes.dino`` and ``mmnotes.ibot``.
"""

from mmnotes.dinov2.depth import kept_rows, stochastic_depth
from mmnotes.dinov2.koleo import koleo_loss
from mmnotes.dinov2.packing import pack, packed_tokens, unpack
from mmnotes.dinov2.sharded import sharded_centre

__all__ = [
    "kept_rows",
    "koleo_loss",
    "pack",
    "packed_tokens",
    "sharded_centre",
    "stochastic_depth",
    "unpack",
]
